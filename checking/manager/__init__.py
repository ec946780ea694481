"""Judges one run of a manager by refinement: every observed state is one that the model reaches."""
