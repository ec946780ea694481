"""Chat rooms, for docs/adapters/score.md: who is in which room is kept under a lock, since a room is loaded from a store."""

import asyncio
from contextlib import suppress


class Hub:
    def __init__(self, load, send):
        self.load, self.send = load, send
        self.online = set()
        self.members = {}
        self.lock = asyncio.Lock()

    async def enter(self, client):
        self.online.add(client)

    async def join(self, client, room):
        async with self.lock:
            if client not in self.online:
                return False
            await self.load(room)
            self.members.setdefault(room, set()).add(client)
            return True

    async def leave(self, client, room):
        async with self.lock:
            if client not in self.members.get(room, ()):
                return False
            self.members[room].discard(client)
            return True

    async def say(self, room, message):
        for client in sorted(self.members.get(room, ())):
            with suppress(ConnectionError):
                await self.send(client, message)

    async def quit(self, client):
        await asyncio.shield(asyncio.create_task(self._forget(client)))  # also if nobody waits any more

    async def _forget(self, client):
        async with self.lock:
            self.online.discard(client)
            for members in self.members.values():
                members.discard(client)
