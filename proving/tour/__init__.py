"""Tours: programs that take every transition of the model's reachable graph."""
