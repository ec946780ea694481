"""The pure model of subscriptions, which defines the right behaviour. No asyncio, no I/O, no clock, no randomness."""
