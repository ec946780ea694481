"""Option `patterns` (docs/adapters/options.md): a subscription to `t*` gets the messages of every topic that begins with t."""

from fnmatch import fnmatchcase

import subwarden


class Hub:
    """`send(client, message)` is a coroutine function."""

    def __init__(self, send):
        self.send = send
        self.subscriptions = {}  # client -> the topics and patterns that it asked for

    def subscribe(self, client, pattern):
        self.subscriptions.setdefault(client, set()).add(pattern)

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
        super().subscribe(client, pattern)

    def unsubscribe(self, client, pattern):
        self.known.clear()
        return super().unsubscribe(client, pattern)

    def receivers(self, topic):
        return self.known.setdefault(topic, super().receivers(topic))


class Adapter(subwarden.Clients):
    patterns = True
    hub = Hub

    def __init__(self, env):
        super().__init__(env)
        self.ours = self.hub(self.send)
        self.joins, self.unsubscribe, self.publish = self.ours.subscribe, self.ours.unsubscribe, self.ours.publish

    def ends(self, client):
        self.ours.subscriptions.pop(client, None)


class Forgetful(Adapter):
    hub = Cached
