"""Subjects that are safe in fifo and broken in any. A tool that runs any ready task next would wrongly report them for stock asyncio.

Each is a manager that releases its lock in the middle of an operation, or acts on a fact from before it took the lock. On stock asyncio
taking a free lock does not suspend, so no task comes in between unless another holds a lock while it waits; in these programs none does.
"""

from collections.abc import Callable
from typing import NamedTuple

from subwarden.impl.manager.api import ManagerApi
from subwarden.impl.manager.manager import IMPLICIT, Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.impl.manager.split_lock import SplitLockManager
from subwarden.model.manager import operations as op
from subwarden.model.manager.operations import Operation
from subwarden.stateful_tests.specimens.manager_defects import answers, connections, listeners
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


class AddsInTwoSections(Manager):
    """Looks whether the connection is live in one section and subscribes it in the next."""

    async def try_add_connection_to_thread(self, thread_id: int, connection_id: int) -> bool:
        async with self.lock:
            if connection_id not in self.live_connections:
                return False
        async with self.lock:
            self._grant(thread_id, connection_id, IMPLICIT)
            return True


class ClosesInTwoSections(Manager):
    """Drops the subscriptions first and ends the connection second: a subscription made in between stays."""

    async def remove_connection(self, connection_id: int) -> None:
        async with self.lock:
            for thread_id in sorted(self.index.threads_of.get(connection_id, ())):
                self._unlink(thread_id, connection_id)
        async with self.lock:
            self.live_connections.discard(connection_id)
            self.closed_connections.add(connection_id)


class RemembersTheAnswer(Manager):
    """Counts the subscribers, releases the lock, takes it once more, and answers the old count."""

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        async with self.lock:
            entry = self.threads.get(thread_id)
            found = entry is not None and connection_id in entry.grants
        async with self.lock:
            entry = self.threads.get(thread_id)
            if entry is not None and connection_id in entry.grants:
                self._unlink(thread_id, connection_id)
        return found


class OpensInTwoSections(Manager):
    """Looks whether the connection has closed in one section and makes it live in the next: a close in between is undone."""

    async def connection_initialized(self, connection_id: int) -> None:
        async with self.lock:
            closed = connection_id in self.closed_connections
        async with self.lock:
            if not closed:
                self.live_connections.add(connection_id)


class Safe(NamedTuple):
    """A subject, and a program on which it is safe in fifo and broken in any."""

    name: str
    factory: Callable[[], ManagerApi]
    tasks: tuple[tuple[Operation, ...], ...]
    faults: tuple[int, ...] = ()

    @property
    def program(self) -> ManagerProgram:
        """The program."""
        return ManagerProgram(self.tasks, self.faults)


OPEN = op.ConnectionInitialized(1)
CLOSE = op.RemoveConnection(1)
ADD = op.TryAddConnectionToThread(1, 1)
ENSURE = op.TryEnsureConnectionSubscribed(1, 1, False)
STATE = op.ThreadState(1)
TEARDOWN = op.RemoveThreadState(1)
LISTEN = op.StateSetListener(1)
UNSUBSCRIBE = op.UnsubscribeConnectionFromThread(1, 1)

SUITE = (
    Safe("seed: state asked for again across a teardown", SourceManager, ((STATE,), (TEARDOWN,), (STATE,))),
    Safe("seed: listener put on a state torn down", SourceManager, ((STATE, LISTEN), (TEARDOWN,))),
    Safe("seed: teardown cancelled before it stops the listener", SourceManager, ((STATE, LISTEN), (TEARDOWN,)), (1,)),
    Safe("seed: subscribed across a teardown", SourceManager, ((OPEN,), (ENSURE,), (TEARDOWN,), (ENSURE,))),
    Safe("seed: raw choice in a second section", SourceManager, ((OPEN,), (op.TryEnsureConnectionSubscribed(1, 1, True),))),
    Safe("split-lock: listener put on a state torn down", SplitLockManager, ((STATE, LISTEN), (TEARDOWN,))),
    Safe("split-lock: subscriber and index apart", SplitLockManager, ((OPEN, ENSURE), (UNSUBSCRIBE,))),
    Safe("split-lock: subscribed across a teardown", SplitLockManager, ((OPEN, ENSURE), (TEARDOWN,))),
    Safe("live looked up before the lock", connections.LiveCheckedTooEarly, ((OPEN,), (ADD,), (CLOSE,))),
    Safe("a state torn down takes listeners", listeners.TornDownStateTakesListeners, ((STATE, LISTEN), (TEARDOWN,))),
    Safe("a thread comes back", answers.ThreadComesBack, ((STATE,), (TEARDOWN,), (STATE,))),
    Safe("raw in a second section", answers.RawInSecondSection, ((OPEN,), (op.TryEnsureConnectionSubscribed(1, 1, True),))),
    Safe("subscribes in two sections", AddsInTwoSections, ((OPEN,), (ADD,), (CLOSE,))),
    Safe("closes in two sections", ClosesInTwoSections, ((OPEN,), (ADD,), (CLOSE,))),
    Safe("opens in two sections", OpensInTwoSections, ((OPEN,), (CLOSE,))),
    Safe("answers old news", RemembersTheAnswer, ((OPEN,), (ADD,), (UNSUBSCRIBE,), (UNSUBSCRIBE,))),
)
