"""Planted defects of the core level: managers with one defect each, and the finding that the harness must report."""
