"""Judges a run: refinement against the model, invariants, minimal examples, the closed set of verdicts."""
