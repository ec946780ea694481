"""A hub whose clients share one reader of a broker's channel: the first to come starts it, and the last to go ends it.

The count is raised under one lock and lowered under another, so that the end of the last reader may overtake the start of the next: its
client is there, and nothing reaches it. Only deliveries show it. After bridges of notifiers to a broadcast channel, whose contexts are
counted.
"""

import asyncio

import subwarden


class Channel:
    """A broker's channel, which takes its time to open and to close (`ask`, a coroutine function)."""

    def __init__(self, ask):
        self.ask = ask
        self.queues = []

    async def open(self):
        await self.ask("open the channel")
        self.queues.append(asyncio.Queue())
        return self.queues[-1]

    async def shut(self, queue):
        await self.ask("shut the channel")
        self.queues.remove(queue)


class Bridge:
    def __init__(self, channel, receive):
        self.channel, self.receive = channel, receive
        self.count, self.reader, self.queue = 0, None, None
        self.starting, self.ending = asyncio.Lock(), asyncio.Lock()
        self.topics = {}  # client -> its topics

    async def enter(self, client):
        async with self.starting:
            self.topics[client] = set()
            self.count += 1
            if self.count == 1:
                self.queue = await self.channel.open()
                self.reader = asyncio.create_task(self.read(self.queue), name="reader")

    async def leave(self, client):
        async with self.ending:
            del self.topics[client]
            self.count -= 1
            if self.count == 0:
                await self.channel.shut(self.queue)
                self.reader.cancel()

    async def read(self, queue):
        while True:
            clients, message = await queue.get()
            for client in clients:
                self.receive(client, message)


class OneLock(Bridge):
    def __init__(self, channel, receive):
        super().__init__(channel, receive)
        self.ending = self.starting


class Broken(subwarden.ClientsInTurn):
    bridge = Bridge

    def __init__(self, env):
        super().__init__(env)
        self.channel = Channel(env.park)
        self.ours = self.bridge(self.channel, self.receive)

    async def connect(self, client):
        await self.whole(self.enter(client), f"start of {client}")

    async def enter(self, client):
        async with self.turns[client]:
            if client not in self.live and not self.env.closed(client):
                await self.ours.enter(client)
                self.live.add(client)

    def joins(self, client, topic):
        self.ours.topics[client].add(topic)

    def leaves(self, client, topic):
        known = topic in self.ours.topics[client]
        self.ours.topics[client].discard(topic)
        return known

    async def ends(self, client):
        await self.ours.leave(client)

    def publish(self, topic, message):
        clients = [client for client, topics in self.ours.topics.items() if topic in topics]
        for queue in self.channel.queues:
            queue.put_nowait((clients, message))


class Adapter(Broken):
    bridge = OneLock
