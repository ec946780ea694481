"""What is right: the pure model of subscription state. No asyncio, no I/O, no clock, no randomness."""
