"""An adapter for subwarden: your subscription manager, as the harness plays it and looks at it.

`Manager` stands for yours; replace it, and keep what `Adapter` says of it true. Nothing here imports subwarden.
What each method is for, and what is judged when: `subwarden help bring-your-own`.
"""

import asyncio
from typing import Any


class Manager:
    """Replace this by your own: `from my_package import MyManager`."""

    def __init__(self, send: Any) -> None:
        self.send = send
        self.topics: dict[str, set[str]] = {}
        self.connected: set[str] = set()
        self.gone: set[str] = set()
        self.lock = asyncio.Lock()

    async def connect(self, client: str) -> None:
        async with self.lock:
            if client not in self.gone:
                self.connected.add(client)

    async def subscribe(self, client: str, topic: str) -> bool:
        async with self.lock:
            if client not in self.connected:
                return False
            self.topics.setdefault(topic, set()).add(client)
            return True

    async def unsubscribe(self, client: str, topic: str) -> bool:
        async with self.lock:
            if client not in self.topics.get(topic, ()):
                return False
            self.topics[topic].remove(client)
            return True

    async def publish(self, topic: str, message: str) -> None:
        async with self.lock:
            clients = sorted(self.topics.get(topic, ()))
        for client in clients:
            try:
                await self.send(client, message)
            except ConnectionError:  # it is about to be disconnected
                continue

    async def disconnect(self, client: str) -> None:
        async with self.lock:
            self.gone.add(client)
            self.connected.discard(client)
            for clients in self.topics.values():
                clients.discard(client)


class Adapter:
    """Made anew for every run. `env` is the world outside; leave it out if there is nothing to wait for."""

    # What cannot hold for you, and why; the report repeats it: {"P2": "whoever asks may subscribe, connected or not"}
    off: dict[str, str] = {}

    # Say so if a client that was disconnected may connect again under the same name:
    # reconnects = True

    def __init__(self, env: Any) -> None:
        self.env = env
        self.inbox: dict[str, list[str]] = {}
        self.manager = Manager(self.send)

    # --- the fakes: whatever your manager waits for outside waits for the scheduler here

    async def send(self, client: str, message: str) -> None:
        """A socket. The scheduler decides when it goes on, and whether it breaks."""
        await self.env.park(f"send to {client}", may_fail=ConnectionError, client=client)
        if self.env.closed(client):
            raise ConnectionError
        self.inbox.setdefault(client, []).append(message)

    # --- the operations: only connect and subscribe must be there; leave out what your manager does not have

    async def connect(self, client: str) -> None:
        await self.manager.connect(client)

    async def subscribe(self, client: str, topic: str) -> bool:
        """True: subscribed; False: refused, because the client is not connected. Return nothing if your manager does not say."""
        return await self.manager.subscribe(client, topic)

    async def unsubscribe(self, client: str, topic: str) -> bool:
        """True: it was subscribed; False: it was not. Return nothing if your manager does not say."""
        return await self.manager.unsubscribe(client, topic)

    async def publish(self, topic: str, message: str) -> None:
        await self.manager.publish(topic, message)

    async def disconnect(self, client: str) -> None:
        await self.manager.disconnect(client)

    # async def teardown(self, topic):      the topic ends, with all its subscriptions
    # async def close(self):                the end of a run: after it no task of the manager may be left

    # --- what can be seen

    def observe(self) -> dict[str, set[str]]:
        """Who is subscribed, as your manager keeps it: for each topic its clients. Or for each client its topics; or (client, topic) pairs;
        or a dict of several such maps by name, which must agree; or None, if it cannot be seen now."""
        return self.manager.topics

    def delivered(self) -> dict[str, list[str]]:
        """What each client has received, in order."""
        return self.inbox

    # def broker(self):                     (client, topic) pairs as the broker has them; at rest they must be the manager's
