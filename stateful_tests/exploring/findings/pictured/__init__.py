"""What only pictures of a finding need: the state beside the model, and the model alone."""
