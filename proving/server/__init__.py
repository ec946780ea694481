"""The server's model as a transition system, and how its states and steps are judged."""
