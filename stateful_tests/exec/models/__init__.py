"""The models that a process may be judged by: the core model, or one of the user's own."""
