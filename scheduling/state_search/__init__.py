"""Explores states instead of schedules, and decides when two states are equal."""
