"""How long work shows its progress, on standard error."""
