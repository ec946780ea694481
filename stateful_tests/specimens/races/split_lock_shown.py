"""The same program as a subject of the harness, so that the model is held against it at every step.

It does not show which connections are open: a close changes that under one lock and drops the subscriptions under the other, and between
the two both together would show an unfinished change.
"""

import asyncio

from subwarden.model.manager import operations as op
from subwarden.model.manager.projection import Shown, ShownEntry
from subwarden.model.manager.state import Entry, Grant, State
from subwarden.stateful_tests.specimens.races.split_lock import NOBODY, SplitLock
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

CROWD = 3
PROGRAM = ManagerProgram(((op.TryAddConnectionToThread(1, 1),), (op.RemoveConnection(1),), (op.RemoveThreadState(2),)))
CROWDED = ManagerProgram((*PROGRAM.tasks, *[(op.HasSubscribers(NOBODY),)] * CROWD))


class ShownSplitLock(SplitLock):
    """The split lock, with its maps shown."""

    starts_as = State(frozenset((1, 2)), entries=((2, Entry(1)),), grants=frozenset((Grant(2, 2, None),)), incarnations=1)

    # what a subject must have and this program does not do

    async def connection_initialized(self, connection_id: int) -> None:
        raise NotImplementedError

    async def subscribed_connection_ids(self, thread_id: int) -> list[int]:
        raise NotImplementedError

    async def thread_state(self, thread_id: int) -> None:
        raise NotImplementedError

    async def try_ensure_connection_subscribed(self, thread_id: int, connection_id: int, experimental_raw_events: bool) -> None:
        raise NotImplementedError

    async def set_listener(self, subscription_id: int, thread_id: int, connection_id: int, experimental_raw_events: bool) -> None:
        raise NotImplementedError

    async def remove_listener(self, subscription_id: int) -> int | None:
        raise NotImplementedError

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        raise NotImplementedError

    def show(self) -> Shown:
        """A copy of the maps."""
        members = {t: connections.copy() for t, connections in self.members.items()}
        threads_of: dict[int, set[int]] = {}
        for thread, connections in members.items():
            for connection in connections:
                threads_of.setdefault(connection, set()).add(thread)
        return Shown(None, members, threads_of, {}, set(), {t: ShownEntry() for t in members})

    def shows(self, shown: Shown | None) -> bool:
        """Whether `show()` would return just that: it shows one map only."""
        return shown is not None and self.members == shown.subscribers

    def locks(self) -> dict[str, asyncio.Lock]:
        """The locks by name."""
        return {"doors": self.doors, "seats": self.seats}


class FixedSplitLock(ShownSplitLock):
    """The repaired split lock."""

    def __init__(self) -> None:
        super().__init__(fixed=True)
