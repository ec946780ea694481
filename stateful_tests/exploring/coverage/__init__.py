"""Coverage of runs, completeness of searches, and the estimate of the rest."""
