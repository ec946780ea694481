"""The models of level manager and of level server with one thing wrong each: proofs must notice."""
