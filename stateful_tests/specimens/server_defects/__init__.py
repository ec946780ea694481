"""Request layers with one small fault each, for the harness of level server to find. See `defect`."""
