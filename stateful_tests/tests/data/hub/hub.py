"""A chat hub as a websocket developer writes it: rooms are sets of strings, so the order of a broadcast hangs on the string hash."""

import asyncio
from collections import defaultdict


class Connection:
    """One client's socket."""

    def __init__(self, name):
        self.name = name
        self.closed = False


class Hub:
    """Wrong in one place: a socket that breaks in a broadcast ends it for the others."""

    def __init__(self):
        self.connections = {}
        self.rooms = defaultdict(set)
        self.lock = asyncio.Lock()

    async def connect(self, connection):
        async with self.lock:
            self.connections[connection.name] = connection

    async def join(self, name, room):
        await asyncio.sleep(0)  # a look into a database
        async with self.lock:
            if name not in self.connections:
                return False
            self.rooms[room].add(name)
            return True

    async def leave(self, name, room):
        async with self.lock:
            if name not in self.rooms[room]:
                return False
            self.rooms[room].remove(name)
            if not self.rooms[room]:
                del self.rooms[room]
            return True

    async def disconnect(self, name):
        async with self.lock:
            connection = self.connections.pop(name, None)
            if connection is None:
                return
            for room in list(self.rooms):
                self.rooms[room].discard(name)
                if not self.rooms[room]:
                    del self.rooms[room]
            connection.closed = True

    async def broadcast(self, room, text):
        try:
            for name in list(self.rooms.get(room, ())):
                connection = self.connections.get(name)
                if connection is not None:
                    await connection.send(text)
        except RuntimeError:
            pass
