"""Small asyncio programs with one known race each: what the strategies are measured by. Nothing here is about subscriptions alone."""
