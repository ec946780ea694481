"""The search of a transition system: its states, in memory and on disk, by one process or several, and what it found."""
