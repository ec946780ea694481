"""Judges one run of a manager by refinement: the model must reach every observed state."""
