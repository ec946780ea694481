"""A network in memory: asyncio's own transports on simulated sockets. The scheduler chooses when connections and bytes arrive."""
