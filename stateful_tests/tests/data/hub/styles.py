"""More hubs as people write them, each right; tests write adapters for them, and break them."""

import asyncio
import contextlib
import inspect
import itertools
import weakref
from bisect import insort

import anyio


class WebSocketDisconnect(Exception): ...


class Sockets:
    def __init__(self):
        self.rooms = {}

    async def connect(self, websocket, room):
        await websocket.accept()
        self.rooms.setdefault(room, []).append(websocket)

    def disconnect(self, websocket, room):
        if websocket in self.rooms.get(room, []):
            self.rooms[room].remove(websocket)

    async def broadcast(self, room, message):
        for connection in list(self.rooms.get(room, [])):
            try:
                await connection.send_text(message)
            except (WebSocketDisconnect, RuntimeError):
                self.disconnect(connection, room)


class Nested:
    def __init__(self):
        self.subscribers: dict[str, dict[str, asyncio.Queue]] = {}

    async def subscribe(self, client, topic):
        queues = self.subscribers.setdefault(topic, {})
        if client not in queues:
            queues[client] = asyncio.Queue()
        return queues[client]

    async def unsubscribe(self, client, topic):
        return self.subscribers.get(topic, {}).pop(client, None) is not None

    async def publish(self, topic, message):
        for queue in list(self.subscribers.get(topic, {}).values()):
            queue.put_nowait(message)


class Retaining(Nested):
    def __init__(self):
        super().__init__()
        self.last = {}

    async def publish(self, topic, message):
        self.last[topic] = message
        await super().publish(topic, message)


class Dropping:
    def __init__(self, size: int = 2):
        self.size = size
        self.queues = {}

    def subscribe(self, client, topic):
        return self.queues.setdefault(topic, {}).setdefault(client, asyncio.Queue(self.size))

    def unsubscribe(self, client, topic):
        return self.queues.get(topic, {}).pop(client, None) is not None

    async def publish(self, topic, message):
        for queue in list(self.queues.get(topic, {}).values()):
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(message)


class Streams:
    def __init__(self):
        self._streams = {}

    async def subscribe(self, client, topic):
        streams = self._streams.setdefault(topic, {})
        if client in streams:
            return None
        streams[client], receive = anyio.create_memory_object_stream(100)
        return receive

    async def unsubscribe(self, client, topic):
        send = self._streams.get(topic, {}).pop(client, None)
        if send is None:
            return False
        await send.aclose()
        return True

    async def publish(self, topic, message):
        for client, send in list(self._streams.get(topic, {}).items()):
            try:
                await send.send(message)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                if self._streams[topic].get(client) is send:
                    del self._streams[topic][client]


class Tasks:
    def __init__(self):
        self._sockets = {}
        self._writers = {}

    async def connect(self, client, websocket):
        self._sockets[client] = websocket

    async def subscribe(self, client, topic):
        if client not in self._sockets:
            return False
        if (client, topic) not in self._writers:
            queue = asyncio.Queue()
            self._writers[client, topic] = queue, asyncio.create_task(self._write(self._sockets[client], queue))
        return True

    async def unsubscribe(self, client, topic):
        entry = self._writers.pop((client, topic), None)
        if entry is not None:
            entry[1].cancel()
        return entry is not None

    async def disconnect(self, client):
        self._sockets.pop(client, None)
        for key in [each for each in self._writers if each[0] == client]:
            self._writers.pop(key)[1].cancel()

    async def publish(self, topic, message):
        for (_, other), (queue, _) in list(self._writers.items()):
            if other == topic:
                queue.put_nowait(message)

    async def _write(self, websocket, queue):
        while True:
            message = await queue.get()
            try:
                await websocket.send(message)
            except ConnectionError:
                return


class Observed:
    def __init__(self):
        self._observers: dict[str, list] = {}

    def attach(self, event, observer):
        self._observers.setdefault(event, []).append(observer)

    def detach(self, event, observer):
        if observer in self._observers.get(event, []):
            self._observers[event].remove(observer)

    async def notify(self, event, value):
        for observer in tuple(self._observers.get(event, ())):
            result = observer(value)
            if inspect.isawaitable(result):
                await result


class Weak:
    def __init__(self):
        self._listeners: dict[str, list[weakref.ref]] = {}

    def on(self, event, callback):
        self._listeners.setdefault(event, []).append(weakref.ref(callback))

    def off(self, event, callback):
        self._listeners[event] = [each for each in self._listeners.get(event, []) if each() is not callback]

    async def emit(self, event, payload):
        for ref in list(self._listeners.get(event, [])):
            callback = ref()
            if callback is not None:
                await callback(payload)


class Plugins:
    def __init__(self):
        self._handlers: dict[str, list] = {}
        self._count = itertools.count()

    def register(self, event, handler, priority=0):
        insort(self._handlers.setdefault(event, []), (-priority, next(self._count), handler))

    def unregister(self, event, handler):
        self._handlers[event] = [each for each in self._handlers.get(event, []) if each[2] is not handler]

    async def fire(self, event, payload):
        for _, _, handler in list(self._handlers.get(event, [])):
            await handler(payload)


class Generators:
    def __init__(self):
        self._queues: dict[str, set[asyncio.Queue]] = {}

    async def subscribe(self, topic):
        queue = asyncio.Queue()
        self._queues.setdefault(topic, set()).add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues[topic].discard(queue)

    async def publish(self, topic, message):
        for queue in list(self._queues.get(topic, ())):
            queue.put_nowait(message)


class Events:
    def __init__(self):
        self.channels = {}

    async def stream(self, channel):
        queue = asyncio.Queue()
        self.channels.setdefault(channel, []).append(queue)
        try:
            while True:
                yield f"data: {await queue.get()}\n\n"
        finally:
            self.channels[channel].remove(queue)

    async def publish(self, channel, event):
        for queue in self.channels.get(channel, []):
            queue.put_nowait(event)


class Group:
    def __init__(self, send, log):
        self.send = send
        self.log = log
        self.workers = {}
        self.next = {}

    async def subscribe(self, worker, topic):
        workers = self.workers.setdefault(topic, [])
        if worker not in workers:
            workers.append(worker)

    async def unsubscribe(self, worker, topic):
        if worker in self.workers.get(topic, []):
            self.workers[topic].remove(worker)

    async def publish(self, topic, message):
        workers = self.workers.get(topic, [])
        if workers:
            at = self.next.get(topic, 0) % len(workers)
            self.next[topic] = at + 1
            self.log.info("to %s", workers[at])
            await self.send(workers[at], message)


class Broker:
    def __init__(self):
        self.sessions = {}
        self.topics = {}

    async def on_connect(self, client, send):
        self.sessions[client] = send

    async def on_disconnect(self, client):
        self.sessions.pop(client, None)
        for members in self.topics.values():
            members.discard(client)

    async def on_subscribe(self, client, topic):
        if client not in self.sessions:
            return False
        self.topics.setdefault(topic, set()).add(client)
        return True

    async def on_unsubscribe(self, client, topic):
        if client not in self.topics.get(topic, ()):
            return False
        self.topics[topic].remove(client)
        return True

    async def on_publish(self, topic, message):
        for client in sorted(self.topics.get(topic, ())):
            send = self.sessions.get(client)
            if send is not None:
                await send(message)
