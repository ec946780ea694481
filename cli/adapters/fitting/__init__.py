"""Writes an adapter for a class: reads its source, takes its methods for the harness's operations, and says what it took for what."""
