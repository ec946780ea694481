"""The two maps that every manager keeps beside its entries: connection -> threads, and subscription id -> (thread, connection).

It keeps no empty sets. It does not know the entries: each manager keeps all three maps in agreement (P1) in its own way.
"""

from collections.abc import Callable

Pair = tuple[int, int]  # (thread, connection)


class SubscriptionIndex:
    """Guarded by the manager's lock; no method suspends."""

    __slots__ = ("ids", "threads_of")

    def __init__(self) -> None:
        self.threads_of: dict[int, set[int]] = {}
        self.ids: dict[int, Pair] = {}

    def link(self, thread_id: int, connection_id: int) -> None:
        """Record the thread among the connection's."""
        self.threads_of.setdefault(connection_id, set()).add(thread_id)

    def unlink(self, thread_id: int, connection_id: int) -> None:
        """Forget the thread among the connection's, if it is there."""
        threads = self.threads_of.get(connection_id)
        if threads is not None:
            threads.discard(thread_id)
            if not threads:
                del self.threads_of[connection_id]

    def is_linked(self, thread_id: int, connection_id: int) -> bool:
        """Whether the thread is among the connection's."""
        return thread_id in self.threads_of.get(connection_id, ())

    def drop_ids(self, unwanted: Callable[[Pair], bool]) -> None:
        """Forget the ids of every pair for which `unwanted` holds."""
        for subscription_id in [s for s, pair in self.ids.items() if unwanted(pair)]:
            del self.ids[subscription_id]

    def drop_thread(self, thread_id: int) -> None:
        """Forget all links and ids of the thread."""
        self.drop_ids(lambda pair: pair[0] == thread_id)
        for connection_id in [c for c, threads in self.threads_of.items() if thread_id in threads]:
            self.unlink(thread_id, connection_id)

    def drop_connection(self, connection_id: int) -> set[int]:
        """Forget all links and ids of the connection. Returns the threads it was linked to."""
        self.drop_ids(lambda pair: pair[1] == connection_id)
        return self.threads_of.pop(connection_id, set())

    def copy_threads_of(self) -> dict[int, set[int]]:
        """A copy that later changes do not reach."""
        return {c: threads.copy() for c, threads in self.threads_of.items()}
