"""How a hunt grows with a cluster."""

from subwarden.benchmarks.scale.growth import main

__all__ = ["main"]
