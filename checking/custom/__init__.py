"""Judges one run of somebody's manager by somebody's model: answers, and what shows when no call is open."""
