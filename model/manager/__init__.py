"""The manager's model: who is subscribed to which thread, and what each of the eleven operations does to that."""
