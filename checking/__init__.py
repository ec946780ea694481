"""Judges a run: refinement against the model, invariants, minimal examples, and the closed set of verdicts."""
