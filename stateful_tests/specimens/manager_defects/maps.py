"""Defects of P1: the maps describe different relations, or keep empty sets."""

from subwarden.checking import causes
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.subscription_index import SubscriptionIndex
from subwarden.stateful_tests.specimens.defect import Defect


class IndexNotCleaned(Manager):
    """An unsubscribe forgets the connection's own list of threads."""

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        unsubscribed = False
        async with self.lock:
            entry = self.threads.get(thread_id)
            if entry is not None and connection_id in entry.grants:
                self._unlink(thread_id, connection_id)
                self.index.link(thread_id, connection_id)
                unsubscribed = True
        return unsubscribed

    async def remove_connection(self, connection_id: int) -> None:
        async with self.lock:
            for thread_id in [t for t, entry in self.threads.items() if connection_id not in entry.grants]:
                self.index.unlink(thread_id, connection_id)  # or the close would fail on the leftover
        await super().remove_connection(connection_id)


class HoardingIndex(SubscriptionIndex):
    """An index that keeps a connection's set of threads when it becomes empty."""

    def unlink(self, thread_id: int, connection_id: int) -> None:
        self.threads_of.get(connection_id, set()).discard(thread_id)


class EmptySetKept(Manager):
    """The last unsubscribe leaves the connection with an empty set of threads."""

    def __init__(self) -> None:
        super().__init__()
        self.index = HoardingIndex()


class IdsOutliveTeardown(Manager):
    """A teardown drops the links but not the explicit ids."""

    async def remove_thread_state(self, thread_id: int) -> None:
        async with self.lock:
            ids = {s: pair for s, pair in self.index.ids.items() if pair[0] == thread_id}
        await super().remove_thread_state(thread_id)
        self.index.ids.update(ids)

    def _revoke(self, thread_id: int, connection_id: int, reason: int | None) -> None:
        if thread_id in self.threads and connection_id in self.threads[thread_id].grants:  # or it would fail on the leftover
            super()._revoke(thread_id, connection_id, reason)


DEFECTS = (
    Defect(IndexNotCleaned, causes.MAPS_DISAGREE, 3),
    Defect(EmptySetKept, causes.MAPS_DISAGREE, 3),
    Defect(IdsOutliveTeardown, causes.MAPS_DISAGREE, 3),
)
