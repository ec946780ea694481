"""Some hundreds of inputs that are wrong, odd or hostile, by kind, each with the answer that it must get."""
