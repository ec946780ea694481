"""Its tasks are named by a counter of the process, as packages do. `Adapter` holds; `Broken` looks before an await (P2)."""

import asyncio
import itertools


class Rooms:
    numbers = itertools.count(1)

    def __init__(self):
        self.live, self.pairs, self.tasks = set(), set(), set()
        self.number = next(self.numbers)

    async def told(self):
        await asyncio.sleep(0)

    async def join(self, client, room):
        if client not in self.live:
            return False
        self.pairs.add((client, room))
        task = asyncio.create_task(self.told(), name=f"rooms-{self.number}-worker")
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return True


class Adapter:
    def __init__(self):
        self.rooms = Rooms()
        self.subscribe = self.rooms.join

    def connect(self, client):
        self.rooms.live.add(client)

    def observe(self):
        return set(self.rooms.pairs)


class Broken(Adapter):
    """The same with a mistake: right verdict: violated (P2, a look before an await), with a replay."""

    def __init__(self):
        super().__init__()
        self.gone = set()
        self.subscribe = self.hasty

    async def hasty(self, client, room):
        if client not in self.rooms.live:
            return False
        task = asyncio.create_task(self.rooms.told(), name=f"rooms-{self.rooms.number}-worker")
        await task
        self.rooms.pairs.add((client, room))
        return True

    def connect(self, client):
        if client not in self.gone:
            self.rooms.live.add(client)

    def disconnect(self, client):
        self.gone.add(client)
        self.rooms.live.discard(client)
        self.rooms.pairs = {pair for pair in self.rooms.pairs if pair[0] != client}
