"""Planted defects of level server: request layers with one small fault each, for the harness to find. See `defect`."""
