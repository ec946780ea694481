"""Level manager: the manager's own API, played against the model."""
