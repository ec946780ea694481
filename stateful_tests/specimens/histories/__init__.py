"""Random histories, and a slow oracle of linearizability that shares nothing with the search."""
