"""A call that is cancelled while it waits goes on and answers, so that no time-out can bound it (psycopg/psycopg#1275, #1345, #1401)."""

import asyncio


class Rooms:
    def __init__(self, load):
        self.load = load
        self.live, self.gone, self.pairs = set(), set(), set()

    async def join(self, client, room):
        for _ in range(3):  # tries
            if client not in self.live:
                return False
            try:
                await self.load(room)
                break
            except (Exception, asyncio.CancelledError):
                continue
        if client not in self.live:
            return False
        self.pairs.add((client, room))
        return True


class Adapter:
    def __init__(self, env):
        self.env = env
        self.rooms = Rooms(self.load)
        self.subscribe = self.rooms.join

    async def load(self, room):
        await self.env.park(f"store of {room}", may_fail=ConnectionError)

    def connect(self, client):
        if client not in self.rooms.gone:
            self.rooms.live.add(client)

    def disconnect(self, client):
        self.rooms.live.discard(client)
        self.rooms.gone.add(client)
        self.rooms.pairs = {pair for pair in self.rooms.pairs if pair[0] != client}

    def observe(self):
        return set(self.rooms.pairs)
