"""Servers with planted faults, and their correct twins, that clients reach over the simulated network and by ASGI."""
