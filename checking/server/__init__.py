"""Judges one run of a server: every visible change and every message is one that the model allows."""
