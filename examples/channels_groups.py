"""The groups of Django channels' in-memory layer, as the topics of the core model (docs/examples.md).

The layer is the package's own. Only the consumer is a fake: a task that receives its channel's messages and sends them to a browser.
(The package's consumers close database connections in a thread for each message, and no scheduler controls threads.)
"""

import asyncio

from channels.layers import InMemoryChannelLayer


class Adapter:
    """Each client has a channel of its own, and one consumer."""

    layer = InMemoryChannelLayer

    def __init__(self, env):
        self.env = env
        self.channels = self.layer()
        self.consumers = {}
        self.inbox = {}

    async def connect(self, client):
        if client not in self.consumers and not self.env.closed(client):
            self.consumers[client] = [asyncio.create_task(self.consume(client))]

    async def consume(self, client):
        while True:
            await self.take_one(client)

    async def take_one(self, client):
        message = await self.channels.receive(client)
        self.inbox.setdefault(client, []).append(message["text"])
        await self.env.park(f"browser: {client}")

    async def disconnect(self, client):
        for group in list(self.channels.groups):
            await self.channels.group_discard(group, client)
        consumers = self.consumers.pop(client, ())
        for consumer in consumers:
            consumer.cancel()
        await asyncio.gather(*consumers, return_exceptions=True)

    async def subscribe(self, client, topic):
        if client not in self.consumers:
            return False
        await self.channels.group_add(topic, client)
        return True

    async def unsubscribe(self, client, topic):
        await self.channels.group_discard(topic, client)

    async def publish(self, topic, message):
        await self.channels.group_send(topic, {"type": "chat.message", "text": message})

    def observe(self):
        return {(client, group) for group, members in self.channels.groups.items() for client in members}

    def delivered(self):
        return self.inbox


class Shared(Adapter):
    """Two tasks receive on one channel, as `receive` allows: one that takes a single message, and the consumer."""

    async def connect(self, client):
        if client not in self.consumers and not self.env.closed(client):
            self.consumers[client] = [asyncio.create_task(self.take_one(client)), asyncio.create_task(self.consume(client))]
