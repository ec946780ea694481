"""Tells a person: one writer a file, all from one versioned run record. Reads nothing live."""
