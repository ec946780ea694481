"""Strategies that draw schedules at random, each with a chance that its paper states."""
