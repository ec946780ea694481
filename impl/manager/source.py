"""The source document's manager as it is, so that the harness can find its hazards.

It has every atomic section and every lock of the original, also those taken merely to log, in the same order: M is taken and released,
then T is taken, never T inside M. Its defects stay as they are; `impl.manager.manager` avoids them.
"""

import asyncio
import logging

from subwarden.impl.manager.subscription_index import SubscriptionIndex
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.model.manager.projection import Shown

logger = logging.getLogger(__name__)


class ThreadEntry:
    """The map's record of a thread."""

    __slots__ = ("connection_ids", "state")

    def __init__(self) -> None:
        self.state = ThreadState()
        self.connection_ids: set[int] = set()


class SourceManager:
    """The source document's manager. Operations and answers as in `impl.manager.api.ManagerApi`; the `try_*` operations refuse a
    connection that is not live."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.live_connections: set[int] = set()
        self.threads: dict[int, ThreadEntry] = {}
        self.index = SubscriptionIndex()

    async def connection_initialized(self, connection_id: int) -> None:
        """The connection becomes live, unconditionally."""
        async with self.lock:
            self.live_connections.add(connection_id)

    async def subscribed_connection_ids(self, thread_id: int) -> list[int]:
        """The thread's subscribers; sorted, because no hash order may reach a decision."""
        async with self.lock:
            entry = self.threads.get(thread_id)
            return [] if entry is None else sorted(entry.connection_ids)

    async def has_subscribers(self, thread_id: int) -> bool:
        """Whether the thread has any subscriber."""
        async with self.lock:
            entry = self.threads.get(thread_id)
            return entry is not None and bool(entry.connection_ids)

    async def thread_state(self, thread_id: int) -> ThreadState:
        """The thread's state, created if there is none."""
        async with self.lock:
            return self._entry(thread_id).state

    async def try_ensure_connection_subscribed(
        self, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> ThreadState | None:
        """Subscribe a live connection, then turn the thread's raw flag on if asked to. None if it is not live."""
        async with self.lock:
            if connection_id not in self.live_connections:
                return None
            state = self._link(thread_id, connection_id)
        async with state.lock:
            if experimental_raw_events:
                state.set_experimental_raw_events(True)
        return state

    async def try_add_connection_to_thread(self, thread_id: int, connection_id: int) -> bool:
        """Subscribe a live connection. False if it is not live."""
        async with self.lock:
            if connection_id not in self.live_connections:
                return False
            self._link(thread_id, connection_id)
            return True

    async def set_listener(self, subscription_id: int, thread_id: int, connection_id: int, experimental_raw_events: bool) -> ThreadState:
        """Record the id and subscribe its connection, live or not; then set the thread's raw flag."""
        async with self.lock:
            self.index.ids[subscription_id] = (thread_id, connection_id)
            state = self._link(thread_id, connection_id)
        async with state.lock:
            state.set_experimental_raw_events(experimental_raw_events)
        return state

    async def remove_listener(self, subscription_id: int) -> int | None:
        """Drop the id; the pair is unlinked if no other id links it. The thread, or None for an unknown id."""
        async with self.lock:
            pair = self.index.ids.pop(subscription_id, None)
            if pair is None:
                return None
            thread_id, connection_id = pair
            still_subscribed = pair in self.index.ids.values()
            entry = self.threads.get(thread_id)
            if not still_subscribed:
                self.index.unlink(thread_id, connection_id)
                if entry is not None:
                    entry.connection_ids.discard(connection_id)
            no_subscribers = entry is not None and not entry.connection_ids
        if entry is not None:
            async with entry.state.lock:
                if not still_subscribed and no_subscribers and logger.isEnabledFor(logging.DEBUG):
                    logger.debug(
                        "retaining thread listener after last subscription removed",
                        extra={
                            "thread_id": thread_id,
                            "subscription_id": subscription_id,
                            "connection_id": connection_id,
                            "listener_generation": entry.state.listener_generation,
                        },
                    )
        return thread_id

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        """Unlink the pair and drop its ids. False if it was not linked."""
        async with self.lock:
            entry = self.threads.get(thread_id)
            if entry is None or not self.index.is_linked(thread_id, connection_id):
                return False
            self.index.unlink(thread_id, connection_id)
            entry.connection_ids.discard(connection_id)
            self.index.drop_ids(lambda pair: pair == (thread_id, connection_id))
            return True

    async def remove_thread_state(self, thread_id: int) -> None:
        """Drop the entry, its ids and its links; then clear the listener."""
        async with self.lock:
            entry = self.threads.pop(thread_id, None)
            self.index.drop_thread(thread_id)
        if entry is None:
            return
        state = entry.state
        async with state.lock:
            if logger.isEnabledFor(logging.DEBUG):
                logger.debug(
                    "clearing thread listener during thread-state teardown",
                    extra={
                        "thread_id": thread_id,
                        "listener_generation": state.listener_generation,
                        "had_listener": state.cancel_tx is not None,
                        "had_active_turn": state.active_turn_snapshot() is not None,
                    },
                )
            state.clear_listener()

    async def remove_connection(self, connection_id: int) -> None:
        """The connection is no longer live: drop its ids and links. Then take T of each thread left empty, one by one, to log."""
        async with self.lock:
            self.live_connections.discard(connection_id)
            left_empty: list[tuple[int, ThreadState]] = []
            # the source document iterates a hash set, in any order; here the order is fixed
            for thread_id in sorted(self.index.drop_connection(connection_id)):
                entry = self.threads.get(thread_id)
                if entry is not None:
                    entry.connection_ids.discard(connection_id)
                    if not entry.connection_ids:
                        left_empty.append((thread_id, entry.state))
        for thread_id, state in left_empty:
            async with state.lock:
                listener_generation = state.listener_generation
            if logger.isEnabledFor(logging.DEBUG):
                logger.debug(
                    "retaining thread listener after connection disconnect left zero subscribers",
                    extra={
                        "thread_id": thread_id,
                        "connection_id": connection_id,
                        "listener_generation": listener_generation,
                    },
                )

    def show(self) -> Shown | None:
        """A copy of the maps; None while M is held. Every subscriber of a flagged thread would get raw events."""
        if self.lock.locked():
            return None
        threads = self.threads
        return Shown(
            self.live_connections.copy(),
            {t: entry.connection_ids.copy() for t, entry in threads.items()},
            self.index.copy_threads_of(),
            self.index.ids.copy(),
            {(t, c) for t, entry in threads.items() if entry.state.experimental_raw_events for c in entry.connection_ids},
            {t: entry.state.shown() for t, entry in threads.items()},
        )

    def locks(self) -> dict[str, asyncio.Lock]:
        """The locks by their names in reports."""
        return {"M": self.lock, **{f"T(t{t})": entry.state.lock for t, entry in self.threads.items()}}

    def _entry(self, thread_id: int) -> ThreadEntry:
        entry = self.threads.get(thread_id)
        if entry is None:
            entry = self.threads[thread_id] = ThreadEntry()
        return entry

    def _link(self, thread_id: int, connection_id: int) -> ThreadState:
        self.index.link(thread_id, connection_id)
        entry = self._entry(thread_id)
        entry.connection_ids.add(connection_id)
        return entry.state
