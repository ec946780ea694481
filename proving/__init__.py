"""Proves properties of the model within a scope: search, liveness, symmetry, proofs and tours. Imports the model only."""
