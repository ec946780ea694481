"""Symmetry: states that differ only in the names of connections, threads and ids form one orbit."""
