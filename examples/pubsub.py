"""A small publish/subscribe manager over asyncio, and its adapter for subwarden (docs/bring-your-own.md).

`PubSub` does not know subwarden. `Adapter` is all that is needed to check it against the core model.
"""

import asyncio
from contextlib import suppress

import subwarden


class PubSub:
    """Clients subscribe to topics; `send(client, message)`, a coroutine function, delivers each message to each subscriber."""

    def __init__(self, send):
        self._send = send
        self._topics = {}  # topic -> its clients, in the order of their subscriptions
        self._clients = {}  # client -> its topics
        self._closed = set()
        self._lock = asyncio.Lock()  # guards the maps
        self._publishing = {}  # topic -> the lock that keeps its messages in order

    async def connect(self, client):
        async with self._lock:
            if client not in self._closed:
                self._clients.setdefault(client, {})

    async def subscribe(self, client, topic):
        """False: the client is not connected."""
        async with self._lock:
            if client not in self._clients:
                return False
            self._clients[client][topic] = None
            self._topics.setdefault(topic, {})[client] = None
            return True

    async def unsubscribe(self, client, topic):
        """False: it was not subscribed."""
        async with self._lock:
            if topic not in self._clients.get(client, ()):
                return False
            self._unlink(client, topic)
            return True

    async def publish(self, topic, message):
        async with self._publishing.setdefault(topic, asyncio.Lock()):
            async with self._lock:
                clients = list(self._topics.get(topic, ()))
            for client in clients:
                with suppress(ConnectionError):  # the client is about to be disconnected
                    await self._send(client, message)

    async def disconnect(self, client):
        async with self._lock:
            self._closed.add(client)
            for topic in list(self._clients.get(client, ())):
                self._unlink(client, topic)
            self._clients.pop(client, None)

    async def teardown(self, topic):
        async with self._lock:
            for client in list(self._topics.get(topic, ())):
                self._unlink(client, topic)

    def _unlink(self, client, topic):
        del self._clients[client][topic]
        del self._topics[topic][client]
        if not self._topics[topic]:
            del self._topics[topic]

    def by_topic(self):
        return {(client, topic) for topic, clients in self._topics.items() for client in clients}

    def by_client(self):
        return {(client, topic) for client, topics in self._clients.items() for topic in topics}


class Adapter(subwarden.Clients):
    """Each send to a client takes as long as the scheduler says, and may fail (`subwarden.Clients`)."""

    breaks = ConnectionError

    def __init__(self, env):
        super().__init__(env)
        self.pubsub = PubSub(self.send)
        for name in ("connect", "subscribe", "unsubscribe", "publish", "disconnect", "teardown"):
            setattr(self, name, getattr(self.pubsub, name))

    def observe(self):
        return {"by topic": self.pubsub.by_topic(), "by client": self.pubsub.by_client()}
