"""The groups of Django channels' in-memory layer, as the topics of the core model (docs/examples.md).

The layer is the package's own. Only the consumer is a fake: a task that receives its channel's messages and sends them to a browser.
"""

import asyncio

from channels.layers import InMemoryChannelLayer

import subwarden


class Adapter(subwarden.Clients):
    """Each client has a channel of its own, and one consumer."""

    layer = InMemoryChannelLayer

    def __init__(self, env):
        super().__init__(env)
        self.channels = self.layer()
        self.consumers = {}

    def opens(self, client):
        self.consumers[client] = [asyncio.create_task(self.consume(client))]

    async def consume(self, client):
        while True:
            await self.take_one(client)

    async def take_one(self, client):
        message = await self.channels.receive(client)
        self.receive(client, message["text"])
        await self.env.park(f"browser: {client}")

    async def joins(self, client, topic):
        await self.channels.group_add(topic, client)

    async def unsubscribe(self, client, topic):
        await self.channels.group_discard(topic, client)

    async def ends(self, client):
        for group in list(self.channels.groups):
            await self.channels.group_discard(group, client)
        consumers = self.consumers.pop(client)
        for consumer in consumers:
            consumer.cancel()
        await asyncio.gather(*consumers, return_exceptions=True)

    async def publish(self, topic, message):
        await self.channels.group_send(topic, {"type": "chat.message", "text": message})

    def observe(self):
        return {(client, group) for group, members in self.channels.groups.items() for client in members}


class Shared(Adapter):
    """Two tasks receive on one channel, as `receive` allows: one that takes a single message, and the consumer."""

    def opens(self, client):
        self.consumers[client] = [asyncio.create_task(self.take_one(client)), asyncio.create_task(self.consume(client))]
