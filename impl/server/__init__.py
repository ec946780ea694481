"""The request layer around the managers: it answers clients, sends them events, and loads and unloads threads."""
