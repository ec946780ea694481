"""Defects of P11: operations that stay half done when they are cancelled."""

import asyncio

from subwarden.checking import causes
from subwarden.impl.manager.manager import Manager
from subwarden.model.manager.operations import (
    ConnectionInitialized,
    HasSubscribers,
    RemoveConnection,
    TryAddConnectionToThread,
    UnsubscribeConnectionFromThread,
)
from subwarden.stateful_tests.specimens.defect import Defect
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


class HalfUnsubscribed(Manager):
    """An unsubscribe drops the entry's subscriber, suspends under M, then drops the rest. An operation that waits for M never sees that."""

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        async with self.lock:
            entry = self.threads.get(thread_id)
            if entry is None or connection_id not in entry.grants:
                return False
            grants = entry.grants.pop(connection_id)
            await asyncio.sleep(0)
            entry.grants[connection_id] = grants
            self._unlink(thread_id, connection_id)
            return True


class CloseThreadByThread(Manager):
    """A close suspends under M between one thread and the next; cancelled there, it leaves a dead subscriber."""

    async def remove_connection(self, connection_id: int) -> None:
        async with self.lock:
            self.live_connections.discard(connection_id)
            self.closed_connections.add(connection_id)
            for thread_id in sorted(self.index.threads_of.get(connection_id, ())):
                await asyncio.sleep(0)
                self._unlink(thread_id, connection_id)


class LockKeptWhenCancelled(Manager):
    """The lock is acquired and released by hand, with an await in between and no `finally`."""

    async def has_subscribers(self, thread_id: int) -> bool:
        await self.lock.acquire()
        await asyncio.sleep(0)
        entry = self.threads.get(thread_id)
        self.lock.release()
        return entry is not None and bool(entry.grants)


SUBSCRIBED = ((ConnectionInitialized(1),), (TryAddConnectionToThread(1, 1),))

DEFECTS = (
    Defect(
        HalfUnsubscribed,
        causes.MAPS_DISAGREE,
        3,
        cancellation=True,
        program=ManagerProgram((*SUBSCRIBED, (UnsubscribeConnectionFromThread(1, 1),)), (2,)),
    ),
    Defect(
        CloseThreadByThread,
        causes.OUTLIVES,
        3,
        cancellation=True,
        program=ManagerProgram((*SUBSCRIBED, (RemoveConnection(1),)), (2,)),
    ),
    Defect(
        LockKeptWhenCancelled,
        causes.LEAKED_LOCK,
        1,
        cancellation=True,
        also=(causes.DEADLOCK, causes.HELD_OUTSIDE),
        program=ManagerProgram(((HasSubscribers(1),),), (0,)),
    ),
)
