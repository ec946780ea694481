"""Verbs for whoever brings an adapter or a process: a skeleton, conformance, and the list of what is built in."""
