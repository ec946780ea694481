"""The manager's model as a transition system, with the properties of its states and steps."""
