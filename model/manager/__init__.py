"""The manager's model: the subscriptions of connections to threads, and the effect of each of the eleven operations."""
