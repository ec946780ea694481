"""Findings, told once a bug and kept by a short name."""
