"""A timer that sets itself again for ever (docs/adapters/recipes.md): a ping to each client every ten seconds."""

import asyncio


class Adapter:
    def __init__(self, env):
        self.env = env
        self.topics, self.pings, self.gone = {}, {}, set()

    async def ping(self, client):
        while client in self.topics:
            await asyncio.sleep(10)

    def connect(self, client):
        if client not in self.topics and client not in self.gone:
            self.topics[client] = set()
            self.pings[client] = asyncio.create_task(self.ping(client), name=f"ping of {client}")

    async def subscribe(self, client, topic):
        if client not in self.topics:
            return False
        self.topics[client].add(topic)
        return True

    def disconnect(self, client):
        self.gone.add(client)
        self.topics.pop(client, None)
        if client in self.pings:
            self.pings.pop(client).cancel()

    def observe(self):
        return {(client, topic) for client, topics in self.topics.items() for topic in topics}


class Left(Adapter):
    """The ping of a client that has gone goes on."""

    async def ping(self, client):
        while True:
            await asyncio.sleep(10)

    def disconnect(self, client):
        self.pings.pop(client, None)
        super().disconnect(client)
