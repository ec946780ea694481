"""Managers with one planted defect each: what the harness must be able to find. Not part of the gate."""
