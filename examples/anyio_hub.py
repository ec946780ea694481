"""A hub written on anyio, and its adapter (docs/examples.md): task group, lock, events, scopes, memory object streams, a time limit."""

import asyncio
import math
from contextlib import suppress

import anyio

import subwarden


class Hub:
    """Each client has a task that sends it the published messages, one at a time, by `send(client, message)`, a coroutine function."""

    def __init__(self, send):
        self._send = send
        self._lock = anyio.Lock()  # guards the maps
        self._clients = {}  # client -> (stream, scope, event: its task has ended)
        self._topics = {}
        self._closed = set()
        self._runs = anyio.Event()

    async def run(self):
        try:
            async with anyio.create_task_group() as self._tasks:
                self._runs.set()
                await anyio.sleep_forever()
        finally:
            for stream, _, _ in self._clients.values():
                stream.close()

    async def connect(self, client):
        await self._runs.wait()
        async with self._lock:
            if client in self._clients or client in self._closed:
                return
            stream, messages = anyio.create_memory_object_stream(math.inf)
            scope, ended = anyio.CancelScope(), anyio.Event()
            self._clients[client] = stream, scope, ended
            self._tasks.start_soon(self._serve, client, messages, scope, ended)

    async def _serve(self, client, messages, scope, ended):
        with scope, messages:
            async for message in messages:
                with suppress(ConnectionError):  # the client is about to be disconnected
                    await self._deliver(client, message)
        ended.set()

    async def _deliver(self, client, message):
        with anyio.move_on_after(10):  # seconds; after that it sends once more, without a limit
            return await self._send(client, message)
        return await self._send(client, message)

    async def disconnect(self, client):
        async with self._lock:
            self._closed.add(client)
            for clients in self._topics.values():
                clients.pop(client, None)
            stream, scope, ended = self._clients.pop(client, (None, None, None))
        if stream is not None:
            stream.close()
            scope.cancel()
            await ended.wait()

    async def subscribe(self, client, topic):
        async with self._lock:
            if client not in self._clients:
                return False
            self._topics.setdefault(topic, {})[client] = None
            return True

    async def unsubscribe(self, client, topic):
        async with self._lock:
            return topic in self._topics and self._topics[topic].pop(client, topic) is None

    async def publish(self, topic, message):
        async with self._lock:
            for client in self._topics.get(topic, ()):
                self._clients[client][0].send_nowait(message)

    async def teardown(self, topic):
        async with self._lock:
            self._topics.pop(topic, None)

    def subscribed(self):
        return {(client, topic) for topic, clients in self._topics.items() for client in clients}


class Adapter(subwarden.Clients):
    breaks = ConnectionError
    hub = Hub

    def __init__(self, env):
        super().__init__(env)
        self.manager = self.hub(self.send)
        self.running = asyncio.create_task(self.manager.run(), name="hub")
        self.observe = self.manager.subscribed
        for name in ("connect", "disconnect", "subscribe", "unsubscribe", "publish", "teardown"):
            setattr(self, name, getattr(self.manager, name))

    async def close(self):
        self.running.cancel()
        with suppress(asyncio.CancelledError):
            await self.running
