"""Random histories, and a slow oracle of linearizability that shares no code with the search."""
