"""Traces of real runs for TLC and Apalache, in the vocabulary of the TLA+ twin."""
