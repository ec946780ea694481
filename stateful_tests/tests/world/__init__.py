"""Tests of the simulated outside."""
