"""Processes beside this one: how they begin, the pipe that leads to each, and the signals that end a command with them."""
