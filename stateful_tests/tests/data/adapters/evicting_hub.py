"""A hub that drops a client whose queue is full, by design, and closes its socket (a2a-sdk's `evict_on_full`)."""

import asyncio


class Hub:
    def __init__(self, send, closes):
        self.send = send
        self.closes = closes  # tells a client that it is too slow
        self.queues, self.tasks, self.topics = {}, {}, {}

    def connect(self, client):
        if client not in self.queues:
            self.queues[client] = asyncio.Queue(maxsize=1)
            self.tasks[client] = asyncio.create_task(self.write(client), name=f"writer of {client}")

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
            try:
                self.queues[client].put_nowait(message)
            except asyncio.QueueFull:
                self.disconnect(client)
                self.closes(client)

    def disconnect(self, client):
        if client in self.queues:
            del self.queues[client]
            self.tasks.pop(client).cancel()
            for clients in self.topics.values():
                clients.discard(client)


class Adapter:
    def __init__(self, env):
        self.env = env
        self.hub = Hub(self.send, env.dropped)
        self.gone, self.inbox = set(), {}
        self.subscribe, self.publish = self.hub.subscribe, self.hub.publish

    async def send(self, client, message):
        await self.env.park(f"send to {client}", client=client)
        self.inbox.setdefault(client, []).append(message)

    def connect(self, client):
        if client not in self.gone:
            self.hub.connect(client)

    def disconnect(self, client):
        self.gone.add(client)
        self.hub.disconnect(client)

    def observe(self):
        return {(client, topic) for topic, clients in self.hub.topics.items() for client in clients}

    def delivered(self):
        return self.inbox


class Silent(Adapter):
    """The same, except that nobody is told: a client that has been dropped waits for messages that never come."""

    def __init__(self, env):
        super().__init__(env)
        self.hub.closes = lambda client: None
