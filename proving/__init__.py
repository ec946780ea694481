"""Everything a model can do within a scope: search, liveness, symmetry, proofs and tours. Imports the model only."""
