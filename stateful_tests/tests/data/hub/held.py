"""Hubs as people write them, each with its own notion of a subscriber; tests write adapters for them."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass


class Full(Exception): ...


class Already(ValueError): ...


@dataclass
class Seat:
    name: str
    websocket: object


class Queues:
    def __init__(self):
        self._queues: dict[str, set[asyncio.Queue]] = defaultdict(set)

    async def subscribe(self, topic):
        queue = asyncio.Queue()
        self._queues[topic].add(queue)
        return queue

    def unsubscribe(self, topic, queue):
        self._queues[topic].remove(queue)

    def publish(self, topic, message: dict):
        for queue in self._queues[topic]:
            queue.put_nowait(message)


class Listeners:
    def __init__(self):
        self.listeners = {}

    def on(self, event, callback):
        self.listeners.setdefault(event, []).append(callback)

    def off(self, event, callback):
        self.listeners[event].remove(callback)


class Emitter(Listeners):
    async def emit(self, event, data=None):
        for callback in list(self.listeners.get(event, [])):
            await callback(data)


class Sync(Listeners):
    def emit(self, event, data=None):
        for each in self.listeners.get(event, []):
            each(data)


class Lobby:
    def __init__(self):
        self.seats: dict[str, list[Seat]] = {}

    async def connect(self, websocket, lobby_id, player_id):
        await websocket.accept()
        if len(self.seats.setdefault(lobby_id, [])) > 7:
            raise Full
        self.seats[lobby_id].append(Seat(player_id, websocket))

    def disconnect(self, lobby_id, player_id):
        self.seats[lobby_id] = [each for each in self.seats[lobby_id] if each.name != player_id]

    async def broadcast(self, message, lobby_id):
        for each in list(self.seats.get(lobby_id, [])):
            try:
                await each.websocket.send_text(message)
            except ConnectionError:
                continue


class OneRoom:
    def __init__(self):
        self.active = []

    async def connect(self, websocket):
        await websocket.accept()
        self.active.append(websocket)

    def disconnect(self, websocket):
        self.active.remove(websocket)

    async def broadcast(self, message):
        for each in list(self.active):
            if each.closed:
                continue
            try:
                await each.send_text(message)
            except ConnectionError:
                continue


class LeavesAll:
    def __init__(self):
        self.rooms = {}

    async def connect(self, ws, room_id):
        self.rooms.setdefault(room_id, []).append(ws)
        await ws.send_text("welcome")

    def disconnect(self, ws):
        for members in self.rooms.values():
            if ws in members:
                members.remove(ws)


class Devices:
    def __init__(self):
        self.by_user: dict[str, set] = defaultdict(set)

    async def connect(self, user_id, websocket):
        await websocket.accept()
        self.by_user[user_id].add(websocket)

    async def disconnect(self, user_id, websocket):
        self.by_user[user_id].discard(websocket)


class Inboxes:
    """Notifications: a queue for each device of a user."""

    def __init__(self):
        self._queues: dict[str, set] = defaultdict(set)

    def subscribe(self, user):
        queue = asyncio.Queue()
        self._queues[user].add(queue)
        return queue

    def unsubscribe(self, user, queue):
        self._queues[user].discard(queue)
        if not self._queues[user]:
            del self._queues[user]

    async def notify(self, user, message):
        for queue in list(self._queues.get(user, ())):
            await queue.put(message)


class Stored:
    """The same, with what came before from a store."""

    def __init__(self, store):
        self.store = store
        self._queues: dict[str, list] = {}

    async def subscribe(self, user):
        queue = asyncio.Queue()
        unread = await self.store.messages.unread(user)
        for message in unread:
            queue.put_nowait(message)
        self._queues.setdefault(user, []).append(queue)
        return queue

    async def unsubscribe(self, user, queue):
        self.store.note(user)
        self._queues[user].remove(queue)

    async def notify(self, user, message):
        await self.store.save(user, message)
        for queue in list(self._queues.get(user, ())):
            await queue.put(message)


class Default:
    def __init__(self):
        self.channels = defaultdict(set)

    async def connect(self, websocket, channel="all"):
        self.channels[channel].add(websocket)

    def disconnect(self, websocket, channel="all"):
        self.channels[channel].discard(websocket)


class Writers:
    def __init__(self):
        self.rooms = defaultdict(set)

    async def join(self, writer, room):
        self.rooms[room].add(writer)

    async def broadcast(self, room, message):
        for writer in list(self.rooms[room]):
            writer.write(message)
            await writer.drain()

    async def unsubscribe_all(self, writer):
        for members in self.rooms.values():
            members.discard(writer)


class Registered:
    def __init__(self):
        self.topics = {}

    async def connect(self, ws):
        await ws.accept()
        self.topics[ws] = set()

    async def subscribe(self, ws, topic):
        if ws not in self.topics:
            raise RuntimeError("not connected")
        self.topics[ws].add(topic)

    async def disconnect(self, ws):
        self.topics.pop(ws, None)


class Stream:
    async def subscribe(self, topic):
        yield topic


class Refuses:
    def __init__(self):
        self.users = {}
        self.rooms = {}

    async def login(self, user_id, websocket):
        self.users[user_id] = websocket

    def logout(self, user_id):
        if user_id not in self.users:
            raise KeyError(user_id)
        del self.users[user_id]
        for members in self.rooms.values():
            members.discard(user_id)

    def join(self, user_id, room):
        if user_id not in self.users:
            raise Full
        if user_id in self.rooms.setdefault(room, set()):
            raise Already
        self.rooms[room].add(user_id)

    def leave(self, user_id, room):
        if user_id not in self.rooms.get(room, ()):
            raise LookupError(room)
        self.rooms[room].remove(user_id)
