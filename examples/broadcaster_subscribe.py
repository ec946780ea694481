"""broadcaster's `Broadcast` as a websocket server uses it: `async with broadcast.subscribe(channel)`, and a task that reads.

Broadcast is unmodified. With `Memory` it has its memory backend; with `Remote` that backend is at the other end of a slow connection, as
Redis or Postgres would be. The results are in docs/examples.md.
"""

import asyncio

from broadcaster import Broadcast
from broadcaster._backends.memory import MemoryBackend

import subwarden


class RemoteBackend(MemoryBackend):
    """Commands are sent at once, arrive in order, and are then confirmed."""

    def __init__(self, env):
        super().__init__("memory://")
        self.env = env
        self.sent = []

    async def subscribe(self, channel):
        await self.command(f"subscribe {channel}", lambda: self._subscribed.add(channel))

    async def unsubscribe(self, channel):
        await self.command(f"unsubscribe {channel}", lambda: self._subscribed.discard(channel))

    async def command(self, name, act):
        self.sent.append(act)
        try:
            await self.env.park(name)
        finally:  # the command arrives, even if its caller no longer waits for the confirmation
            while act in self.sent:
                self.sent.pop(0)()


class Memory(subwarden.ClientsInTurn):
    off = {"P8-a-message-reaches-a-connection-that-was-not-subscribed": "publish only queues; clients subscribed when it is sent get it"}

    def __init__(self, env):
        super().__init__(env)
        self.broadcast = self.make(env)
        self.publish = self.broadcast.publish
        self.entered = {}  # (client, topic) -> its context manager and its reader
        self.owners = {}  # queue -> client

    def make(self, env):
        return Broadcast("memory://")

    async def start(self):
        await self.broadcast.connect()

    async def joins(self, client, topic):
        if (client, topic) not in self.entered:
            context = self.broadcast.subscribe(topic)
            subscriber = await context.__aenter__()
            self.owners[subscriber._queue] = client
            self.entered[client, topic] = context, asyncio.create_task(self.read(client, subscriber), name=f"reader of {client}")

    async def read(self, client, subscriber):
        async for event in subscriber:
            self.receive(client, event.message)

    async def leaves(self, client, topic):
        if (client, topic) not in self.entered:
            return False
        context, reader = self.entered.pop((client, topic))
        reader.cancel()
        await context.__aexit__(None, None, None)
        return True

    async def ends(self, client):
        for left, topic in list(self.entered):
            if left == client:
                await self.leaves(client, topic)

    async def close(self):
        await super().close()
        await self.broadcast.disconnect()

    def observe(self):
        return {(self.owners[queue], topic) for topic, queues in self.broadcast._subscribers.items() for queue in queues}


class Remote(Memory):
    def make(self, env):
        return Broadcast(backend=RemoteBackend(env))
