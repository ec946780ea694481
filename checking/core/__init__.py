"""Judges one run of a manager of the core operations: answers, what shows when nothing is in flight, and what was delivered."""
