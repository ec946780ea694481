"""Brings model, managers, scheduling and checking together: programs, rule machines, the gate, the corpus, the tests of ourselves."""
