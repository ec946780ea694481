"""Option `acks` (docs/adapters/options.md): what a client has not acknowledged is sent again."""

import subwarden


class Queue:
    """`send(client, message)` is a coroutine function."""

    def __init__(self, send):
        self.send = send
        self.topics = {}  # client -> its topics
        self.open = {}  # client -> the messages that it has not acknowledged

    async def publish(self, topic, message):
        for client in list(self.topics):
            if topic in self.topics.get(client, ()):  # it may have left meanwhile
                self.open[client].append(message)
                await self.send(client, message)

    def ack(self, client, messages):
        self.open[client] = [each for each in self.open.get(client, ()) if each not in messages]

    async def redeliver(self, client):
        for message in list(self.open.get(client, ())):
            if message in self.open.get(client, ()):  # it may have been acknowledged meanwhile
                await self.send(client, message)


class Cleared(Queue):
    """Sending again counts as done: it clears the list, and puts back what is sent."""

    async def redeliver(self, client):
        messages, self.open[client] = self.open.get(client, []), []
        for message in messages:
            await self.send(client, message)
            self.open[client].append(message)


class Adapter(subwarden.Clients):
    acks = True
    queue = Queue

    def __init__(self, env):
        super().__init__(env)
        self.ours = self.queue(self.send)
        self.publish, self.redeliver = self.ours.publish, self.ours.redeliver

    def joins(self, client, topic):
        self.ours.topics.setdefault(client, set()).add(topic)
        self.ours.open.setdefault(client, [])

    def ends(self, client):
        self.ours.topics.pop(client, None)

    def ack(self, client):
        self.ours.ack(client, list(self.inbox.get(client, ())))


class Forgets(Adapter):
    queue = Cleared
