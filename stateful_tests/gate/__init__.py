"""The regression gate: a fixed amount of work on every check of a subject."""
