"""A deadline kept by `time.monotonic()` and slept for in a loop, as psycopg_pool's scheduler has it: it ends on stock asyncio, and here."""

import asyncio
import time


class Rooms:
    def __init__(self):
        self.live, self.pairs, self.tasks = set(), set(), set()

    async def quiet(self, room):
        """Ten seconds after somebody came, the room is told."""
        until = time.monotonic() + 10
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    async def join(self, client, room):
        if client not in self.live:
            return False
        self.pairs.add((client, room))
        task = asyncio.create_task(self.quiet(room), name=f"quiet {room}")
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
