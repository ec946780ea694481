"""Tests of `stateful_tests.subjects`, with the finding power of each level."""
