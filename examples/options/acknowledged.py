"""Option `acks` (docs/adapters/options.md): what a client has not acknowledged is sent again."""


class Queue:
    """`send(client, message)` is a coroutine function."""

    def __init__(self, send):
        self.send = send
        self.topics = {}  # client -> its topics
        self.open = {}  # client -> the messages that it has not acknowledged

    async def publish(self, topic, message):
        for client in [c for c, topics in self.topics.items() if topic in topics]:
            if client in self.open:
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


class Written(Queue):
    """An acknowledgement is written down before it counts, and the list that is written is the old one."""

    def __init__(self, send):
        super().__init__(send)
        self.acked = {}

    def ack(self, client, messages):
        self.acked[client] = list(messages)

    async def redeliver(self, client):
        messages = list(self.open.get(client, ()))
        for message in messages:
            await self.send(client, message)
        super().ack(client, self.acked.pop(client, ()))


class SentIsDone(Queue):
    """A message counts as acknowledged when it has been sent."""

    async def publish(self, topic, message):
        await super().publish(topic, message)
        for messages in self.open.values():
            if message in messages:
                messages.remove(message)


class Adapter:
    acks = True
    queue = Queue

    def __init__(self, env):
        self.env = env
        self.ours = self.queue(self.send)
        self.gone, self.inbox = set(), {}
        self.publish, self.redeliver = self.ours.publish, self.ours.redeliver

    async def send(self, client, message):
        await self.env.park(f"send to {client}")
        if client not in self.gone:
            self.inbox.setdefault(client, []).append(message)

    def connect(self, client):
        if client not in self.gone:
            self.ours.topics.setdefault(client, set())
            self.ours.open.setdefault(client, [])

    def subscribe(self, client, topic):
        if client not in self.ours.topics:
            return False
        self.ours.topics[client].add(topic)
        return True

    def disconnect(self, client):
        self.gone.add(client)
        self.ours.topics.pop(client, None)
        self.ours.open.pop(client, None)

    def ack(self, client):
        self.ours.ack(client, list(self.inbox.get(client, ())))

    def delivered(self):
        return self.inbox


class Forgets(Adapter):
    queue = Cleared


class Repeats(Adapter):
    queue = Written


class Sent(Adapter):
    queue = SentIsDone
