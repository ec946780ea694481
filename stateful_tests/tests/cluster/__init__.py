"""Hunts on a cluster of real processes."""
