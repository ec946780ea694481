"""Judges one run of a manager against a custom model: its answers, and its state while no call is open."""
