"""Tests of the mutation score of a check."""
