"""What runs have covered, what they were complete about, and what is still unseen."""
