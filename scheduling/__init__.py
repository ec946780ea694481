"""The scheduler: the controlled loop, the orders, and one strategy a file. It knows nothing of subscriptions."""
