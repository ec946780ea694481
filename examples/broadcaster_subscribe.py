"""broadcaster's `Broadcast` as a websocket server uses it: `async with broadcast.subscribe(channel)`, and a task that reads.

Broadcast is unmodified. With `Memory` it has its memory backend; with `Remote` that backend is at the other end of a slow connection, as
Redis or Postgres would be. The results are in docs/examples.md.
"""

import asyncio
from collections import defaultdict

from broadcaster import Broadcast
from broadcaster._backends.memory import MemoryBackend


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


class Memory:
    def __init__(self, env):
        self.off = {
            "P8-a-message-reaches-a-connection-that-was-not-subscribed": "publish only queues; clients subscribed when it is sent get it"
        }
        self.broadcast = self.make(env)
        self.listens = False
        self.turns = defaultdict(asyncio.Lock)  # one client's requests are served in order
        self.live, self.gone = set(), set()
        self.entered = {}  # (client, topic) -> its context manager and its reader
        self.owners = {}  # queue -> client
        self.inbox = defaultdict(list)

    def make(self, env):
        return Broadcast("memory://")

    async def begin(self):
        if not self.listens:
            self.listens = True
            await self.broadcast.connect()  # it does not suspend

    async def connect(self, client):
        await self.begin()
        if client not in self.gone:
            self.live.add(client)

    async def subscribe(self, client, topic):
        async with self.turns[client]:
            if client not in self.live:
                return False
            if (client, topic) not in self.entered:
                context = self.broadcast.subscribe(topic)
                subscriber = await context.__aenter__()
                self.owners[subscriber._queue] = client
                self.entered[client, topic] = context, asyncio.create_task(self.read(client, subscriber), name=f"reader of {client}")
            return True

    async def read(self, client, subscriber):
        async for event in subscriber:
            self.inbox[client].append(event.message)

    async def unsubscribe(self, client, topic):
        async with self.turns[client]:
            return await self.leave(client, topic)

    async def leave(self, client, topic):
        if (client, topic) not in self.entered:
            return False
        context, reader = self.entered.pop((client, topic))
        reader.cancel()
        await context.__aexit__(None, None, None)
        return True

    async def publish(self, topic, message):
        await self.begin()
        await self.broadcast.publish(topic, message)

    async def disconnect(self, client):
        await asyncio.shield(asyncio.create_task(self.end(client), name=f"end of {client}"))

    async def end(self, client):
        async with self.turns[client]:
            self.gone.add(client)
            self.live.discard(client)
            for left, topic in list(self.entered):
                if left == client:
                    await self.leave(client, topic)

    async def close(self):
        for client in sorted(self.live):
            await self.disconnect(client)
        if self.listens:
            await self.broadcast.disconnect()

    def observe(self):
        return {(self.owners[queue], topic) for topic, queues in self.broadcast._subscribers.items() for queue in queues}

    def delivered(self):
        return self.inbox


class Remote(Memory):
    def make(self, env):
        return Broadcast(backend=RemoteBackend(env))
