"""Of two cleaners the first is forgotten, so that a join does not stop it, and it removes a room that somebody is in. It takes seven
operations in `fifo`, and a delay that is not over (after jupyter-server/jupyverse#514)."""

import asyncio

DELAY = 60


class Rooms:
    def __init__(self, ends):
        self.ends = ends  # a client's socket is closed
        self.rooms, self.cleaners = {}, {}

    async def join(self, client, name):
        room = self.rooms.setdefault(name, set())
        if name in self.cleaners:
            self.cleaners.pop(name).cancel()
        room.add(client)

    async def part(self, client, name):
        room = self.rooms[name]
        room.discard(client)
        await self.ends(client)
        if not room:  # of two that leave at once both see it
            self.cleaners[name] = asyncio.create_task(self.clean(name), name=f"cleaner of {name}")

    async def clean(self, name):
        await asyncio.sleep(DELAY)
        self.rooms.pop(name, None)
        self.cleaners.pop(name, None)


class Adapter:
    def __init__(self, env):
        self.env = env
        self.ours = Rooms(self.ends)
        self.live, self.gone, self.held, self.turns = set(), set(), set(), {}

    async def ends(self, client):
        await self.env.park(f"socket of {client} closes")

    def connect(self, client):
        if client not in self.gone:
            self.live.add(client)

    async def own(self, client, does):
        """The requests of one client are served in order, to their end."""
        async with self.turns.setdefault(client, asyncio.Lock()):
            return await does

    async def subscribe(self, client, topic):
        return await asyncio.shield(asyncio.ensure_future(self.own(client, self.begin(client, topic))))

    async def begin(self, client, topic):
        if client not in self.live:
            return False
        if (client, topic) not in self.held:
            await self.ours.join(client, topic)
            self.held.add((client, topic))
        return True

    async def unsubscribe(self, client, topic):
        return await asyncio.shield(asyncio.ensure_future(self.own(client, self.end(client, topic))))

    async def end(self, client, topic):
        if (client, topic) not in self.held:
            return False
        self.held.discard((client, topic))
        await self.ours.part(client, topic)
        return True

    async def disconnect(self, client):
        return await asyncio.shield(asyncio.ensure_future(self.own(client, self.closes(client))))

    async def closes(self, client):
        self.live.discard(client)
        self.gone.add(client)
        for who, topic in sorted(self.held):
            if who == client:
                await self.end(who, topic)

    async def close(self):
        for task in self.ours.cleaners.values():
            task.cancel()

    def observe(self):
        return {
            "rooms": {(who, name) for name, room in self.ours.rooms.items() for who in room},
            "clients": set(self.held),
        }
