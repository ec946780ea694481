"""Judges one run of a manager of the core operations: its answers, its state while no call is open, and its deliveries."""
