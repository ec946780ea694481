"""Races and planted defects: what tests and benchmarks are fed. Not in the wheel."""
