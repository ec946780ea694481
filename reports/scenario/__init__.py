"""Writes what exploring a scenario has found."""
