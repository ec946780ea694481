"""Explores states instead of schedules: what a state is, and when two are equal."""
