"""Judges a recorded history: some one-at-a-time order of its calls explains it, or none does."""
