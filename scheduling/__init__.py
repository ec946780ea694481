"""Who runs next: the controlled loop, the orders and one strategy a file. Knows nothing of subscriptions."""
