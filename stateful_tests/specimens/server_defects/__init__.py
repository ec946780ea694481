"""Request layers with one small fault each, for the harness of level 2 to find. See `defect`."""
