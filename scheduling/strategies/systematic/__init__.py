"""Strategies that enumerate schedules within a bound."""
