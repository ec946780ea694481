"""Hubs that differ in how a subscription begins and ends, in what a message is, and in what lasts. Each is right; tests break them.

Long because each shape is a hub, and a test names its file.
"""

import asyncio
import contextlib
import inspect
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import partial


class State(Enum):
    CONNECTED = 1
    DISCONNECTED = 2


class Only(type):
    _made = {}

    def __call__(cls, *arguments):
        if cls not in cls._made:
            cls._made[cls] = super().__call__(*arguments)
        return cls._made[cls]


@dataclass(frozen=True, slots=True)
class Listener:
    call: object
    once: bool


class Announces:
    """It wraps what it sends, and tells of other things, too."""

    def __init__(self):
        self.rooms: dict[str, set] = {}

    async def connect(self, websocket, room_id):
        await websocket.accept()
        self.rooms.setdefault(room_id, set()).add(websocket)
        await websocket.send_text("welcome")

    def disconnect(self, websocket, room_id):
        self.rooms.get(room_id, set()).discard(websocket)

    async def broadcast(self, room_id, message: dict):
        text = json.dumps({"room": room_id, "message": message})
        for each in list(self.rooms.get(room_id, ())):
            with contextlib.suppress(ConnectionError):
                await each.send_text(text)


class Looks(Announces):
    """It sends to connections that are open, by a method of its own."""

    async def broadcast(self, room_id, data):
        payload = {"room": room_id}
        payload["data"] = data
        for each in list(self.rooms.get(room_id, ())):
            await self._send(each, payload)

    async def _send(self, websocket, payload):
        if websocket.client_state != State.CONNECTED:
            return
        with contextlib.suppress(ConnectionError):
            await websocket.send_json(payload)


class Objects:
    """Its messages are objects."""

    def __init__(self):
        self._queues = defaultdict(list)

    def subscribe(self, topic):
        queue = asyncio.Queue()
        self._queues[topic].append(queue)
        return queue

    def unsubscribe(self, topic, queue):
        self._queues[topic].remove(queue)

    async def publish(self, topic, event):
        for queue in self._queues[topic]:
            queue.put_nowait({"type": event.type, "data": event.to_dict()})


class Single(metaclass=Only):
    def __init__(self):
        self.rooms: dict[str, dict] = {}

    async def connect(self, room_id, user_id, websocket):
        await websocket.accept()
        self.rooms.setdefault(room_id, {})[user_id] = websocket

    def disconnect(self, room_id, user_id):
        self.rooms.get(room_id, {}).pop(user_id, None)


class OnClass:
    """All that it has is on the class, with the one object."""

    _instance = None
    _queues: dict[str, set[asyncio.Queue]] = {}

    def __new__(cls):
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    @classmethod
    def subscribe(cls, topic):
        queue = asyncio.Queue()
        cls._queues.setdefault(topic, set()).add(queue)
        return queue

    @classmethod
    def unsubscribe(cls, topic, queue):
        cls._queues[topic].discard(queue)

    @classmethod
    async def publish(cls, topic, message):
        for queue in list(cls._queues.get(topic, ())):
            await queue.put(message)


class Signal:
    """Its receivers are functions, and not awaited."""

    def __init__(self):
        self.receivers = []

    def connect(self, receiver):
        assert not inspect.iscoroutinefunction(receiver)
        self.receivers.append(receiver)

    def disconnect(self, receiver):
        self.receivers = [each for each in self.receivers if each is not receiver]

    def send(self, *values):
        for receiver in list(self.receivers):
            assert receiver(*values) is None


class Coroutines:
    """It starts a task for each receiver that is a coroutine function, and calls the others."""

    def __init__(self):
        self._handlers: dict[str, list] = {}
        self._tasks = []

    def on(self, event, callback=None):
        self._handlers.setdefault(event, []).append(callback)

    def off(self, event, callback):
        self._handlers[event].remove(callback)

    async def emit(self, event, payload):
        for handler in list(self._handlers.get(event, ())):
            if inspect.iscoroutinefunction(handler):
                task = asyncio.create_task(handler(payload))
                self._tasks.append(task)
                await task
            else:
                handler(payload)


class Returns:
    """Who subscribes gets the function that ends that."""

    def __init__(self):
        self._listeners: dict[str, list[Listener]] = {}

    def listen(self, event_name, callback, once=False):
        listener = Listener(callback, once)
        self._listeners.setdefault(event_name, []).append(listener)

        def stop():
            if listener in self._listeners[event_name]:
                self._listeners[event_name].remove(listener)

        return stop

    async def fire(self, event_name, data):
        for listener in list(self._listeners.get(event_name, ())):
            await listener.call(data)


class ReturnsPartial(Returns):
    def listen(self, event_name, callback):
        self._listeners.setdefault(event_name, []).append(callback)
        return partial(self._stop, event_name, callback)

    def _stop(self, event_name, callback):
        self._listeners[event_name].remove(callback)

    async def fire(self, event_name, data):
        for callback in list(self._listeners.get(event_name, ())):
            await callback(data)


class ReturnsAwaited(ReturnsPartial):
    async def listen(self, event_name, callback):
        self._listeners.setdefault(event_name, []).append(callback)

        async def stop():
            await asyncio.sleep(0)
            self._listeners[event_name].remove(callback)

        return stop


class Entered:
    def __init__(self):
        self._queues: dict[str, set[asyncio.Queue]] = {}

    @contextlib.asynccontextmanager
    async def subscribe(self, topic):
        queue = asyncio.Queue()
        self._queues.setdefault(topic, set()).add(queue)
        try:
            yield queue
        finally:
            self._queues[topic].discard(queue)

    async def publish(self, topic, message):
        for queue in list(self._queues.get(topic, ())):
            await queue.put(message)


class EnteredByAll:
    def __init__(self):
        self.queues = []

    @contextlib.contextmanager
    def subscribe(self):
        queue = asyncio.Queue()
        self.queues.append(queue)
        try:
            yield queue
        finally:
            self.queues.remove(queue)

    def publish(self, obj):
        for queue in self.queues:
            queue.put_nowait(obj)


class Follows:
    """A generator without topics, which keeps no table."""

    def __init__(self):
        self._next = asyncio.get_running_loop().create_future()

    def publish(self, value):
        future, self._next = self._next, asyncio.get_running_loop().create_future()
        future.set_result((value, self._next))

    async def __aiter__(self):
        future = self._next
        while True:
            value, future = await asyncio.shield(future)
            yield value


class Short:
    """Names that say nothing."""

    def __init__(self):
        self.subs = {}

    async def subscribe(self, k):
        q = asyncio.Queue()
        self.subs.setdefault(k, set()).add(q)
        try:
            while True:
                yield await q.get()
        finally:
            self.subs[k].remove(q)

    async def publish(self, k, v):
        for q in list(self.subs.get(k, ())):
            await q.put((k, v))


class Dicts:
    """Its messages are dicts with a name like that of a topic, the topic comes last, and who listens hears that it is still there."""

    def __init__(self):
        self._incident_subscribers: dict[str, set[asyncio.Queue]] = {}

    def broadcast(self, event_dict: dict, severity=None, incident_id=None):
        incident = incident_id or event_dict.get("incident_id")
        for queue in list(self._incident_subscribers.get(incident, ())):
            queue.put_nowait(event_dict)

    async def subscribe_incident(self, incident_id):
        queue = asyncio.Queue(maxsize=100)
        self._incident_subscribers.setdefault(incident_id, set()).add(queue)
        try:
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), timeout=15)
                    yield event
                except TimeoutError:
                    yield {"type": "heartbeat", "at": datetime.now(UTC).isoformat()}
        finally:
            self._incident_subscribers[incident_id].discard(queue)


class Agents:
    """Its clients are called agents, and come with an account."""

    def __init__(self):
        self.agents = {}
        self.topics: dict[str, set] = {}

    async def connect_agent(self, agent_id, account, websocket):
        await websocket.accept()
        self.agents[agent_id] = websocket

    async def subscribe_agent(self, agent_id, topic):
        if agent_id not in self.agents:
            return False
        self.topics.setdefault(topic, set()).add(agent_id)
        return True

    async def disconnect_agent(self, agent_id):
        self.agents.pop(agent_id, None)
        for members in self.topics.values():
            members.discard(agent_id)


class Tabs:
    """One room, with all connections of each user."""

    everybody = []

    def __init__(self):
        self.connections: dict[str, set] = {}
        self.names = {}
        self.everybody.append(self)

    async def connect(self, user_id, username, websocket):
        await websocket.accept()
        self.connections.setdefault(user_id, set()).add(websocket)
        self.names[user_id] = username

    def disconnect(self, websocket):
        for members in self.connections.values():
            members.discard(websocket)

    async def broadcast(self, payload):
        for websocket in [each for members in self.connections.values() for each in members]:
            with contextlib.suppress(ConnectionError):
                await websocket.send_json(payload)


class Spawns:
    """It starts a task for each receiver, and waits for none."""

    def __init__(self):
        self.receivers = []
        self.tasks = set()

    def connect(self, func):
        self.receivers.append(func)

    def disconnect(self, func):
        self.receivers.remove(func)

    def emit(self, *values):
        for func in self.receivers:
            task = asyncio.create_task(self._run(func, values))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _run(self, func, values):
        await func(*values)


class Locked:
    """It takes its lock to unsubscribe, so that this can be cancelled before it has happened."""

    def __init__(self):
        self._queues = set()
        self._lock = asyncio.Lock()

    async def subscribe(self):
        queue = asyncio.Queue(maxsize=200)
        async with self._lock:
            self._queues.add(queue)
        return queue

    async def unsubscribe(self, queue):
        async with self._lock:
            self._queues.discard(queue)

    async def publish(self, event: dict):
        async with self._lock:
            queues = list(self._queues)
        for queue in queues:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(event)


class Stays:
    """Nothing ends a subscription."""

    def __init__(self):
        self.handlers = defaultdict(list)

    def subscribe(self, event, handler):
        self.handlers[event].append(handler)

    async def publish(self, event, data):
        for handler in self.handlers[event]:
            await handler(data)
