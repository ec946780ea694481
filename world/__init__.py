"""The simulated outside of a run: its inputs and its faults, at the scheduler's choice."""
