"""Explores any scenario: many schedules, the failures made small, one record."""
