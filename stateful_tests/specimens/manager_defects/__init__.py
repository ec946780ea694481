"""Managers with one planted defect each, which the harness must find. Not part of the gate."""
