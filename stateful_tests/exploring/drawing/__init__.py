"""Draws programs with Hypothesis."""
