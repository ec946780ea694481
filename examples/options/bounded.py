"""Option `bounded` (docs/adapters/options.md): so many messages wait for a client; a client that is too slow loses its place."""

import asyncio

import subwarden

ROOM = 1


class Hub:
    """`send(client, message)` is a coroutine function; `drop(client)` closes the connection of a client that is too slow."""

    room = ROOM

    def __init__(self, send, drop):
        self.send, self.drop = send, drop
        self.queues, self.writers, self.topics = {}, {}, {}

    def connect(self, client):
        if client not in self.queues:
            self.queues[client] = asyncio.Queue(self.room)
            self.writers[client] = asyncio.create_task(self.write(client), name=f"writer of {client}")

    async def write(self, client):
        while True:
            await self.send(client, await self.queues[client].get())

    def subscribe(self, client, topic):
        if client not in self.queues:
            return False
        self.topics.setdefault(topic, set()).add(client)
        return True

    def publish(self, topic, message):
        for client in sorted(self.topics.get(topic, ())):
            self.put(client, message)

    def put(self, client, message):
        try:
            self.queues[client].put_nowait(message)
        except asyncio.QueueFull:
            self.evict(client)

    def evict(self, client):
        self.drop(client)
        self.disconnect(client)

    def disconnect(self, client):
        if client in self.queues:
            del self.queues[client]
            self.writers.pop(client).cancel()
            for clients in self.topics.values():
                clients.discard(client)


class Impatient(Hub):
    """It drops whoever has anything waiting."""

    room = 3

    def put(self, client, message):
        if self.queues[client].empty():
            self.queues[client].put_nowait(message)
        else:
            self.evict(client)


class Adapter(subwarden.Clients):
    bounded = ROOM
    hub = Hub

    def __init__(self, env):
        super().__init__(env)
        self.ours = self.hub(self.send, env.dropped)
        self.opens, self.joins, self.ends = self.ours.connect, self.ours.subscribe, self.ours.disconnect
        self.publish = self.ours.publish

    def observe(self):
        return {(client, topic) for topic, clients in self.ours.topics.items() for client in clients}


class TooSoon(Adapter):
    """There is room for three, and it drops a client that has one waiting."""

    bounded = 3
    hub = Impatient
