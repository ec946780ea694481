"""Defects of P2: connections that are not live are subscribed, or come back."""

from subwarden.checking import causes
from subwarden.impl.manager.manager import IMPLICIT, Manager
from subwarden.impl.manager.owned_state import OwnedThreadState
from subwarden.model.manager.operations import ConnectionInitialized, RemoveConnection, TryAddConnectionToThread
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.specimens.defect import Defect
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


class Revived(Manager):
    """A connection initialised after its close is live again."""

    async def connection_initialized(self, connection_id: int) -> None:
        async with self.lock:
            self.live_connections.add(connection_id)


class SetListenerTakesAnybody(Manager):
    """`set_listener` does not check that the connection is live."""

    async def set_listener(
        self, subscription_id: int, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> OwnedThreadState | None:
        was_live = connection_id in self.live_connections
        self.live_connections.add(connection_id)
        try:
            return await super().set_listener(subscription_id, thread_id, connection_id, experimental_raw_events)
        finally:
            if not was_live:
                self.live_connections.discard(connection_id)


class LiveCheckedTooEarly(Manager):
    """The check that the connection is live comes before the lock is taken, and may be stale under the lock."""

    async def try_add_connection_to_thread(self, thread_id: int, connection_id: int) -> bool:
        called_on = self.threads.get(thread_id)
        if connection_id not in self.live_connections:
            return False
        async with self.lock:
            if self._overtaken(thread_id, called_on):
                return False
            self._grant(thread_id, connection_id, IMPLICIT)
            return True


class CloseKeepsSubscriptions(Manager):
    """A close ends the connection but leaves its subscriptions."""

    async def remove_connection(self, connection_id: int) -> None:
        async with self.lock:
            self.live_connections.discard(connection_id)
            self.closed_connections.add(connection_id)


DEFECTS = (
    Defect(Revived, causes.REVIVED, 2),
    Defect(SetListenerTakesAnybody, causes.SUBSCRIBED_DEAD, 1),
    Defect(
        LiveCheckedTooEarly,
        causes.SUBSCRIBED_DEAD,
        3,
        Order.ANY,
        program=ManagerProgram(((ConnectionInitialized(1),), (TryAddConnectionToThread(1, 1),), (RemoveConnection(1),))),
    ),
    Defect(CloseKeepsSubscriptions, causes.OUTLIVES, 3),
)
