"""Searches one order of a scenario: the schedules, their portions and whoever does them, and the smallest run that fails."""
