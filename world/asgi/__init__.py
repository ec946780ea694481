"""ASGI applications in a run, without a server: each message between client and application comes when the scheduler says."""
