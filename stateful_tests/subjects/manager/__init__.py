"""Level 1: the manager's own API, played against the model."""
