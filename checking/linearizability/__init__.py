"""Checks that a recorded history is linearizable: some one-at-a-time order of its calls explains every answer."""
