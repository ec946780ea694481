"""Option `bounded` (docs/adapters/options.md): so many messages wait for a client; a client that is too slow loses its place."""

import asyncio

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
            self.drop(client)
            self.disconnect(client)

    def disconnect(self, client):
        if client in self.queues:
            del self.queues[client]
            self.writers.pop(client).cancel()
            for clients in self.topics.values():
                clients.discard(client)


class Evicting(Hub):
    """It loses the new message instead of the client, and does so while there is room for one more."""

    def put(self, client, message):
        queue = self.queues[client]
        if queue.qsize() < queue.maxsize - 1:
            queue.put_nowait(message)


class Impatient(Hub):
    """It drops whoever has anything waiting."""

    def put(self, client, message):
        if self.queues[client].empty():
            self.queues[client].put_nowait(message)
        else:
            self.drop(client)
            self.disconnect(client)


class Adapter:
    bounded = ROOM
    hub = Hub

    def __init__(self, env):
        self.env = env
        self.ours = self.hub(self.send, env.dropped)
        self.gone, self.inbox = set(), {}
        self.subscribe, self.publish = self.ours.subscribe, self.ours.publish

    async def send(self, client, message):
        await self.env.park(f"send to {client}", client=client)
        self.inbox.setdefault(client, []).append(message)

    def connect(self, client):
        if client not in self.gone:
            self.ours.connect(client)

    def disconnect(self, client):
        self.gone.add(client)
        self.ours.disconnect(client)

    def observe(self):
        return {(client, topic) for topic, clients in self.ours.topics.items() for client in clients}

    def delivered(self):
        return self.inbox


class TooSoon(Adapter):
    """There is room for three, and it drops a client that has one waiting."""

    bounded = 3
    hub = type("ImpatientRoomy", (Impatient,), {"room": 3})


class Loses(Adapter):
    """There is room for three, and it loses the third."""

    bounded = 3
    hub = type("EvictingRoomy", (Evicting,), {"room": 3})


class Oldest(Hub):
    """The oldest message makes room for the new one."""

    def put(self, client, message):
        if self.queues[client].full():
            self.queues[client].get_nowait()
        self.queues[client].put_nowait(message)


class Shedding(Adapter):
    hub = Oldest


class Strict(Hub):
    """A publish is refused if anybody's queue is full, and nobody gets the message."""

    def publish(self, topic, message):
        if any(self.queues[client].full() for client in self.topics.get(topic, ())):
            return False
        super().publish(topic, message)
        return True


class Refusing(Adapter):
    hub = Strict
