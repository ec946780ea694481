"""Tests of the search of states."""
