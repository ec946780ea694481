"""Worker processes: how they begin, what they say, how they die, and how a command ends with them."""
