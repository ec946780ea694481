"""Defects of P13: deadlocks, endless runs, and operations that block all others."""

import asyncio
import time

from subwarden.checking import causes
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.owned_state import OwnedThreadState
from subwarden.model.manager.operations import HasSubscribers, HoldState, RemoveThreadState, ThreadState
from subwarden.stateful_tests.specimens.defect import Defect
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


class TeardownTakesTInsideM(Manager):
    """A teardown takes T while it holds M: a caller that keeps T while it sends to a slow client then blocks all operations."""

    async def remove_thread_state(self, thread_id: int) -> None:
        async with self.lock:
            entry = self.threads.get(thread_id)
            if entry is not None:
                async with entry.state.lock:
                    pass
        await super().remove_thread_state(thread_id)


class LocksInBothOrders(TeardownTakesTInsideM):
    """One operation takes T inside M, another takes M inside T: when they meet, they deadlock."""

    async def thread_state(self, thread_id: int) -> OwnedThreadState | None:
        entry = self.threads.get(thread_id)
        if entry is None:
            return await super().thread_state(thread_id)
        async with entry.state.lock:
            return await super().thread_state(thread_id)


class CycleWithoutMeeting(Manager):
    """Two locks are taken in both orders. A third lock still prevents the deadlock; the next change may remove it."""

    def __init__(self) -> None:
        super().__init__()
        self.apart = asyncio.Lock()
        self.log = asyncio.Lock()
        self.statistics = asyncio.Lock()

    async def has_subscribers(self, thread_id: int) -> bool:
        async with self.apart, self.log, self.statistics:
            pass
        return await super().has_subscribers(thread_id)

    async def subscribed_connection_ids(self, thread_id: int) -> list[int]:
        async with self.apart, self.statistics, self.log:
            pass
        return await super().subscribed_connection_ids(thread_id)

    def locks(self) -> dict[str, asyncio.Lock]:
        return {**super().locks(), "apart": self.apart, "log": self.log, "statistics": self.statistics}


class WaitsForNobody(Manager):
    """An unsubscribe waits for a signal that never comes."""

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        await asyncio.Event().wait()
        return await super().unsubscribe_connection_from_thread(thread_id, connection_id)


class SleepsForReal(Manager):
    """A step blocks the loop for a minute."""

    async def has_subscribers(self, thread_id: int) -> bool:
        time.sleep(60)  # noqa: ASYNC251  # the defect
        return await super().has_subscribers(thread_id)


class EndlessLoop(Manager):
    """A step never ends."""

    async def has_subscribers(self, thread_id: int) -> bool:
        while True:
            pass


class NeverAtRest(Manager):
    """A polling wait: the run goes on forever without progress."""

    async def has_subscribers(self, thread_id: int) -> bool:
        while thread_id not in self.threads:  # noqa: ASYNC110  # the defect
            await asyncio.sleep(0)
        return await super().has_subscribers(thread_id)


ASKED = ManagerProgram(((HasSubscribers(1),),))

DEFECTS = (
    Defect(
        TeardownTakesTInsideM,
        causes.HELD_OUTSIDE,
        3,
        program=ManagerProgram(((ThreadState(1), HoldState()), (RemoveThreadState(1),))),
    ),
    Defect(
        LocksInBothOrders,
        causes.DEADLOCK,
        4,
        also=(causes.LOCK_CYCLE, causes.HELD_OUTSIDE, causes.REAPPEARS),
        program=ManagerProgram(((ThreadState(1), HoldState()), (ThreadState(1),), (RemoveThreadState(1),))),
    ),
    Defect(CycleWithoutMeeting, causes.LOCK_CYCLE, 2),
    Defect(WaitsForNobody, causes.DEADLOCK, 1),
    Defect(NeverAtRest, causes.RESTLESS, 1, program=ASKED),
)
BLOCKING = (
    Defect(SleepsForReal, causes.BLOCKED, 1, program=ASKED),
    Defect(EndlessLoop, causes.BLOCKED, 1, program=ASKED),
)
