"""Proofs of level server: its model as a transition system, and the properties that its states and steps must have."""
