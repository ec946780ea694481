"""Option `patterns` (docs/adapters/options.md): a subscription to `t*` gets the messages of every topic that begins with t."""

from fnmatch import fnmatchcase


class Hub:
    """`send(client, message)` is a coroutine function."""

    def __init__(self, send):
        self.send = send
        self.subscriptions = {}  # client -> the topics and patterns that it asked for

    def subscribe(self, client, pattern):
        if client not in self.subscriptions:
            return False
        self.subscriptions[client].add(pattern)
        return True

    def unsubscribe(self, client, pattern):
        if pattern not in self.subscriptions.get(client, ()):
            return False
        self.subscriptions[client].discard(pattern)
        return True

    def receivers(self, topic):
        return [c for c, patterns in self.subscriptions.items() if any(fnmatchcase(topic, pattern) for pattern in patterns)]

    async def publish(self, topic, message):
        for client in self.receivers(topic):
            await self.send(client, message)


class Cached(Hub):
    """It remembers who gets a topic's messages, and a subscription to a pattern does not make it forget."""

    def __init__(self, send):
        super().__init__(send)
        self.known = {}

    def subscribe(self, client, pattern):
        self.known.pop(pattern, None)
        return super().subscribe(client, pattern)

    def unsubscribe(self, client, pattern):
        self.known.clear()
        return super().unsubscribe(client, pattern)

    def receivers(self, topic):
        return self.known.setdefault(topic, super().receivers(topic))


class Greedy(Hub):
    """Ending a subscription to a pattern ends those to the topics that it matches; they are kept in the same list."""

    def unsubscribe(self, client, pattern):
        if pattern not in self.subscriptions.get(client, ()):
            return False
        self.subscriptions[client] = {each for each in self.subscriptions[client] if not fnmatchcase(each, pattern)}
        return True


class Adapter:
    patterns = True
    hub = Hub

    def __init__(self, env):
        self.env = env
        self.ours = self.hub(self.send)
        self.gone, self.inbox = set(), {}
        self.subscribe, self.unsubscribe, self.publish = self.ours.subscribe, self.ours.unsubscribe, self.ours.publish

    async def send(self, client, message):
        await self.env.park(f"send to {client}")
        if client not in self.gone:
            self.inbox.setdefault(client, []).append(message)

    def connect(self, client):
        if client not in self.gone:
            self.ours.subscriptions.setdefault(client, set())

    def disconnect(self, client):
        self.gone.add(client)
        self.ours.subscriptions.pop(client, None)

    def delivered(self):
        return self.inbox


class Forgetful(Adapter):
    hub = Cached


class Overreaching(Adapter):
    hub = Greedy
