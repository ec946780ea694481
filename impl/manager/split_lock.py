"""The design before the source document's change: a thread's subscribers under its own lock T, and an index beside it under M.

Two locks guard one relation, so no section sees it whole, and there is no record of live connections. Its defects stay as they are, for
the harness to find: start A, resume a running B, disconnect, and B keeps a dead subscriber.
"""

import asyncio

from subwarden.impl.manager.subscription_index import SubscriptionIndex
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.model.manager.projection import Shown


class SubscribedThreadState(ThreadState):
    """A thread state that holds its thread's subscribers, guarded by its own lock."""

    def __init__(self) -> None:
        super().__init__()
        self.connection_ids: set[int] = set()


class SplitLockManager:
    """The split design. Operations and answers as in `impl.manager.api.ManagerApi`; it never refuses. Locks are not nested."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.threads: dict[int, SubscribedThreadState] = {}
        self.index = SubscriptionIndex()

    async def connection_initialized(self, connection_id: int) -> None:
        """Do nothing: this design keeps no record of live connections."""

    async def subscribed_connection_ids(self, thread_id: int) -> list[int]:
        """The thread's subscribers, sorted."""
        state = await self._find(thread_id)
        if state is None:
            return []
        async with state.lock:
            return sorted(state.connection_ids)

    async def has_subscribers(self, thread_id: int) -> bool:
        """Whether the thread has any subscriber."""
        state = await self._find(thread_id)
        if state is None:
            return False
        async with state.lock:
            return bool(state.connection_ids)

    async def thread_state(self, thread_id: int) -> SubscribedThreadState:
        """The thread's state, created if there is none."""
        async with self.lock:
            return self._state(thread_id)

    async def try_ensure_connection_subscribed(
        self, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> SubscribedThreadState:
        """Subscribe the connection, in three sections: the state, its subscriber and raw flag, the index."""
        async with self.lock:
            state = self._state(thread_id)
        async with state.lock:
            state.connection_ids.add(connection_id)
            if experimental_raw_events:
                state.set_experimental_raw_events(True)
        async with self.lock:
            self.index.link(thread_id, connection_id)
        return state

    async def try_add_connection_to_thread(self, thread_id: int, connection_id: int) -> bool:
        """Subscribe the connection as a running resume does: in the state alone, not in the index."""
        async with self.lock:
            state = self._state(thread_id)
        async with state.lock:
            state.connection_ids.add(connection_id)
        return True

    async def set_listener(
        self, subscription_id: int, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> SubscribedThreadState:
        """Record the id and the link, then under T the subscriber and the raw flag."""
        async with self.lock:
            self.index.ids[subscription_id] = (thread_id, connection_id)
            self.index.link(thread_id, connection_id)
            state = self._state(thread_id)
        async with state.lock:
            state.connection_ids.add(connection_id)
            state.set_experimental_raw_events(experimental_raw_events)
        return state

    async def remove_listener(self, subscription_id: int) -> int | None:
        """Drop the id; if no other id links the pair, drop the link, then under T the subscriber."""
        async with self.lock:
            pair = self.index.ids.pop(subscription_id, None)
            if pair is None:
                return None
            thread_id, connection_id = pair
            if pair in self.index.ids.values():
                return thread_id
            self.index.unlink(thread_id, connection_id)
            state = self.threads.get(thread_id)
        if state is not None:
            async with state.lock:
                state.connection_ids.discard(connection_id)
        return thread_id

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        """Drop the subscriber under T, then the pair's link and ids under M. False if it was no subscriber."""
        state = await self._find(thread_id)
        if state is None:
            return False
        async with state.lock:
            if connection_id not in state.connection_ids:
                return False
            state.connection_ids.discard(connection_id)
        async with self.lock:
            self.index.unlink(thread_id, connection_id)
            self.index.drop_ids(lambda pair: pair == (thread_id, connection_id))
        return True

    async def remove_thread_state(self, thread_id: int) -> None:
        """Drop the state, its ids and its links; then clear the listener under T."""
        async with self.lock:
            state = self.threads.pop(thread_id, None)
            self.index.drop_thread(thread_id)
        if state is not None:
            async with state.lock:
                state.clear_listener()

    async def remove_connection(self, connection_id: int) -> None:
        """Drop the connection's ids and links; then the subscriber under T of each thread that the index linked to it."""
        async with self.lock:
            linked = sorted(self.index.drop_connection(connection_id))
            states = [self.threads[t] for t in linked if t in self.threads]
        for state in states:
            async with state.lock:
                state.connection_ids.discard(connection_id)

    def show(self) -> Shown | None:
        """A copy of the maps; None while M is held. Every subscriber of a flagged thread would get raw events."""
        if self.lock.locked():
            return None
        threads = self.threads
        return Shown(
            None,
            {t: state.connection_ids.copy() for t, state in threads.items()},
            self.index.copy_threads_of(),
            self.index.ids.copy(),
            {(t, c) for t, state in threads.items() if state.experimental_raw_events for c in state.connection_ids},
            {t: state.shown() for t, state in threads.items()},
        )

    def locks(self) -> dict[str, asyncio.Lock]:
        """The locks by their names in reports."""
        return {"M": self.lock, **{f"T(t{t})": state.lock for t, state in self.threads.items()}}

    async def _find(self, thread_id: int) -> SubscribedThreadState | None:
        async with self.lock:
            return self.threads.get(thread_id)

    def _state(self, thread_id: int) -> SubscribedThreadState:
        state = self.threads.get(thread_id)
        if state is None:
            state = self.threads[thread_id] = SubscribedThreadState()
        return state
