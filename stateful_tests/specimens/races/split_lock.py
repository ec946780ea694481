"""A phantom subscriber between two locks. Plain asyncio alone, so that every tool can run this same file.

A subscribe checks under one lock that its connection is open, and subscribes it under another. A close that passes in between leaves a
subscriber that is never removed. `fixed` checks again under the second lock. Where taking a free lock does not suspend, brute force
over which task runs next counts 464,849 schedules of the three tasks, 72,431 of which fail, and 261,033 of the fixed one, in 192 classes
that differ; stock asyncio, which runs first in first out, never fails.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Literal

NOBODY = 9  # a thread without subscribers


class SuspendingLock(asyncio.Lock):
    """A lock whose acquire suspends once where it is free, as it may on a multi-threaded runtime."""

    async def acquire(self) -> Literal[True]:
        if not self.locked():
            await asyncio.sleep(0)
        return await super().acquire()


class SplitLock:
    """Connections 1 and 2 are open, and 2 is subscribed to thread 2. Every operation awaits four times."""

    def __init__(self, fixed: bool = False, *, suspend: bool = False) -> None:
        lock = SuspendingLock if suspend else asyncio.Lock
        self.fixed = fixed
        self.doors = lock()  # guards `open`
        self.seats = lock()  # guards `members`
        self.open = {1, 2}
        self.members: dict[int, set[int]] = {2: {2}}
        self.swept = 0

    async def try_add_connection_to_thread(self, thread_id: int, connection_id: int) -> bool:
        """Subscribe an open connection; False if it is not open."""
        await asyncio.sleep(0)
        async with self.doors:
            if connection_id not in self.open:
                return False
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        async with self.seats:
            if self.fixed and connection_id not in self.open:
                return False
            self.members.setdefault(thread_id, set()).add(connection_id)
            await asyncio.sleep(0)
        return True

    async def remove_connection(self, connection_id: int) -> None:
        """Close the connection, then drop it wherever it is subscribed."""
        await asyncio.sleep(0)
        async with self.doors:
            self.open.discard(connection_id)
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        async with self.seats:
            for connections in self.members.values():
                connections.discard(connection_id)
            await asyncio.sleep(0)

    async def remove_thread_state(self, thread_id: int) -> None:
        """Drop the thread, then count it."""
        await asyncio.sleep(0)
        async with self.seats:
            self.members.pop(thread_id, None)
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        async with self.doors:
            self.swept += 1
            await asyncio.sleep(0)

    async def has_subscribers(self, thread_id: int) -> bool:
        """Whether the thread has a subscriber: the question of the crowd, which disturbs no task."""
        for _ in range(4):
            await asyncio.sleep(0)
        return bool(self.members.get(thread_id))

    def phantoms(self) -> list[tuple[int, int]]:
        """The subscriptions of closed connections: (thread, connection)."""
        return [(t, c) for t, connections in self.members.items() for c in connections if c not in self.open]


CALLS: tuple[Callable[[SplitLock], Coroutine[Any, Any, Any]], ...] = (
    lambda manager: manager.try_add_connection_to_thread(1, 1),
    lambda manager: manager.remove_connection(1),
    lambda manager: manager.remove_thread_state(2),
)


async def call(at: int, manager: SplitLock) -> None:
    """Task `at`: subscribe, close the same connection, tear another thread down; further tasks only look."""
    await (CALLS[at](manager) if at < len(CALLS) else manager.has_subscribers(NOBODY))
