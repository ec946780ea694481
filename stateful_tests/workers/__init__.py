"""Worker processes that run subjects: how they begin, what they say, and how they die."""
