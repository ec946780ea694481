"""Option `retains` (docs/adapters/options.md): who subscribes gets what there is, and then what follows, each message once."""


class Log:
    """`fetch(topic)`, a coroutine function, is the store's delay. Messages are delivered by `send(client, message)`."""

    def __init__(self, fetch, send):
        self.fetch, self.send = fetch, send
        self.log = {}  # topic -> its messages
        self.listeners = {}  # topic -> its listeners, each with what it gets while it is being brought up to date

    async def subscribe(self, client, topic):
        if client in self.listeners.setdefault(topic, {}):
            return
        waiting = self.listeners[topic][client] = []
        there = list(self.log.get(topic, ()))
        try:
            await self.fetch(topic)
        finally:  # also if the caller gives up: another call of the client may have been told that it is subscribed
            for message in there + waiting:
                self.send(client, message)
            if self.listeners[topic].get(client) is waiting:
                self.listeners[topic][client] = None

    def publish(self, topic, message):
        self.log.setdefault(topic, []).append(message)
        for client, waiting in self.listeners.get(topic, {}).items():
            if waiting is None:
                self.send(client, message)
            else:
                waiting.append(message)

    def leave(self, client):
        for listeners in self.listeners.values():
            listeners.pop(client, None)


class Gap(Log):
    """It asks for what there is, and then begins to listen: what is published between is lost."""

    async def subscribe(self, client, topic):
        there = list(self.log.get(topic, ()))
        await self.fetch(topic)
        for message in there:
            self.send(client, message)
        self.listeners.setdefault(topic, {})[client] = None


class Overlap(Log):
    """It begins to listen, and then asks for what there is: what is published between comes twice."""

    async def subscribe(self, client, topic):
        self.listeners.setdefault(topic, {})[client] = None
        await self.fetch(topic)
        for message in self.log.get(topic, ()):
            self.send(client, message)


class Adapter:
    retains = "all"
    log = Log

    def __init__(self, env):
        self.env = env
        self.ours = self.log(self.fetch, self.send)
        self.clients, self.gone, self.inbox = set(), set(), {}
        self.publish = self.ours.publish

    async def fetch(self, topic):
        await self.env.park(f"fetch {topic}")

    def send(self, client, message):
        if client not in self.gone:
            self.inbox.setdefault(client, []).append(message)

    def connect(self, client):
        if client not in self.gone:
            self.clients.add(client)

    async def subscribe(self, client, topic):
        if client not in self.clients:
            return False
        await self.ours.subscribe(client, topic)
        return True

    def disconnect(self, client):
        self.gone.add(client)
        self.clients.discard(client)
        self.ours.leave(client)

    def delivered(self):
        return self.inbox


class Lost(Adapter):
    log = Gap


class Doubled(Adapter):
    log = Overlap


class LastValue(Log):
    """Keeps one message of each topic."""

    def publish(self, topic, message):
        super().publish(topic, message)
        self.log[topic] = [message]


class StaleValue(LastValue):
    """It sends what there was when it was asked after what came meanwhile."""

    async def subscribe(self, client, topic):
        there = list(self.log.get(topic, ()))
        self.listeners.setdefault(topic, {})[client] = None
        await self.fetch(topic)
        for message in there:
            self.send(client, message)


class Value(Adapter):
    retains = "last"
    log = LastValue


class Stale(Value):
    log = StaleValue
