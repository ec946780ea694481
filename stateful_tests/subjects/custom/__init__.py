"""Level custom: checks a manager against the model that its adapter brings."""
