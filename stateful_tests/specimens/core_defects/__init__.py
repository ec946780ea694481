"""Planted defects of the core level: managers that are wrong in one place, and what the harness must say about each."""
