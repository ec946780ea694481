"""Our manager, the default subject: P1 to P14 hold under every order of its callers, and with cancellation at any await.

It follows two rules. First, every operation is one synchronous section under the manager lock M; its only await is the wait for M. So an
operation cancelled there has not happened (P11), and no other operation sees it half done (P10). Second, an operation belongs to the
incarnation of the thread's entry that was in the map at the call; if that entry is gone when the operation gets M, it is refused (P6).

It never takes a state's lock T: callers may keep T for any time without blocking the manager (P13).
"""

import asyncio
from collections.abc import Callable
from typing import Any

from subwarden.impl.manager.owned_state import OwnedThreadState
from subwarden.impl.manager.subscription_index import Pair, SubscriptionIndex
from subwarden.model.manager.projection import Shown

NOTHING: dict[int, Any] = {}
IMPLICIT = None  # the reason of a subscription without an explicit id


class Entry:
    """The map's record of a thread. Its identity is the incarnation: a thread that is created again has another entry.

    `grants` holds each subscriber's reasons, explicit ids and `IMPLICIT`, never an empty set. P8: reasons are kept apart so that
    removing an explicit id does not undo an implicit subscription; the source document's single link cannot distinguish the two.
    """

    __slots__ = ("grants", "state")

    def __init__(self) -> None:
        self.state = OwnedThreadState()
        self.grants: dict[int, set[int | None]] = {}


class Manager:
    """Our manager. Operations and answers are those of `impl.manager.api.ManagerApi`."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.live_connections: set[int] = set()
        # P2: a close is final, so it is remembered. An id is never used again, and costs one integer here.
        self.closed_connections: set[int] = set()
        self.threads: dict[int, Entry] = {}
        self.index = SubscriptionIndex()
        # P10: the subscribed (thread, connection) pairs that asked for raw events. One flag a thread, as in the source document,
        # would force one connection's choice on the others.
        self.raw: set[Pair] = set()
        self.unlinked: Callable[[int, int], object] | None = None  # P8: told the pair (thread, connection), in the section that unlinks it

    async def connection_initialized(self, connection_id: int) -> None:
        """The connection becomes live, unless it has closed."""
        async with self.lock:
            # P2: an initialize that ends after its connection's close must not revive the connection
            if connection_id not in self.closed_connections:
                self.live_connections.add(connection_id)

    async def subscribed_connection_ids(self, thread_id: int) -> list[int]:
        """The thread's subscribers, sorted."""
        async with self.lock:
            return self.subscribers(thread_id)

    async def has_subscribers(self, thread_id: int) -> bool:
        """Whether the thread has any subscriber."""
        async with self.lock:
            return bool(self.subscribers(thread_id))

    async def thread_state(self, thread_id: int) -> OwnedThreadState | None:
        """The thread's state, created if there is none. None if the entry in the map at the call has been torn down since."""
        called_on = self.threads.get(thread_id)
        async with self.lock:
            if self._overtaken(thread_id, called_on):
                return None
            return self._entry(thread_id).state

    async def try_ensure_connection_subscribed(
        self, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> OwnedThreadState | None:
        """Subscribe a live connection; raw turns its own choice on, never off. None if not live, or overtaken by a teardown."""
        called_on = self.threads.get(thread_id)
        async with self.lock:
            if connection_id not in self.live_connections or self._overtaken(thread_id, called_on):
                return None
            entry = self._grant(thread_id, connection_id, IMPLICIT)
            if experimental_raw_events:  # P10: in the same section as the link, so the pair is never seen without its choice
                self.raw.add((thread_id, connection_id))
            return entry.state

    async def try_add_connection_to_thread(self, thread_id: int, connection_id: int) -> bool:
        """Subscribe a live connection and leave its raw choice. False if not live, or overtaken by a teardown."""
        called_on = self.threads.get(thread_id)
        async with self.lock:
            if connection_id not in self.live_connections or self._overtaken(thread_id, called_on):
                return False
            self._grant(thread_id, connection_id, IMPLICIT)
            return True

    async def set_listener(
        self, subscription_id: int, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> OwnedThreadState | None:
        """Subscribe a live connection under an explicit id and set its raw choice. None as for the `try_*` operations.

        An id that stands for another pair moves here, and the first pair loses that grant.
        """
        called_on = self.threads.get(thread_id)
        async with self.lock:
            # P2: the source document does not check that the connection is live, and subscribes a closed one forever
            if connection_id not in self.live_connections or self._overtaken(thread_id, called_on):
                return None
            known = self.index.ids.get(subscription_id)
            if known is not None and known != (thread_id, connection_id):
                # P1: otherwise the first pair stays subscribed by an id that no longer names it
                self._revoke(known[0], known[1], subscription_id)
            entry = self._grant(thread_id, connection_id, subscription_id)
            self.index.ids[subscription_id] = (thread_id, connection_id)
            if experimental_raw_events:  # P10: same section, as above
                self.raw.add((thread_id, connection_id))
            else:
                self.raw.discard((thread_id, connection_id))
            return entry.state

    async def remove_listener(self, subscription_id: int) -> int | None:
        """Drop an explicit id; its pair is unlinked if nothing else links it. The thread, or None for an unknown id."""
        async with self.lock:
            known = self.index.ids.pop(subscription_id, None)
            if known is None:
                return None
            self._revoke(known[0], known[1], subscription_id)
            return known[0]

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        """Drop all grants of the pair. False if there were none."""
        async with self.lock:
            entry = self.threads.get(thread_id)
            if entry is None or connection_id not in entry.grants:
                return False
            self._unlink(thread_id, connection_id)
            return True

    async def remove_thread_state(self, thread_id: int) -> None:
        """Tear the thread down, whole: entry, ids, links, listener."""
        async with self.lock:
            self.tear_down(thread_id)

    async def remove_connection(self, connection_id: int) -> None:
        """The connection has closed, finally: drop its subscriptions. Listeners stay."""
        async with self.lock:
            self.live_connections.discard(connection_id)
            self.closed_connections.add(connection_id)
            for thread_id in self.index.threads_of.get(connection_id, set()).copy():
                self._unlink(thread_id, connection_id)

    # --- for a caller that goes on in the same step: no section has an await, so none is half done (P11)

    def subscribers(self, thread_id: int) -> list[int]:
        """The thread's subscribers, sorted."""
        entry = self.threads.get(thread_id)
        return [] if entry is None else sorted(entry.grants)

    def raw_choices(self, thread_id: int) -> dict[int, bool]:
        """The thread's subscribers, sorted, and whether each asked for raw events."""
        entry = self.threads.get(thread_id)
        return {} if entry is None else {c: (thread_id, c) in self.raw for c in sorted(entry.grants)}

    def state_of(self, thread_id: int) -> OwnedThreadState:
        """The thread's state, created if there is none."""
        return self._entry(thread_id).state

    def tear_down(self, thread_id: int) -> None:
        """As `remove_thread_state`."""
        entry = self.threads.pop(thread_id, None)
        if entry is None:
            return
        self.index.drop_thread(thread_id)
        self.raw.difference_update([(thread_id, c) for c in entry.grants])
        # P3, P11: in this section and without T. The source document clears the listener later, under T; in between the listener
        # runs on a state that no caller can find, and a cancelled teardown leaves it so. `retire` does not suspend, and no holder
        # of T relies on the listener staying; so taking T would only make a teardown wait for the holder of T.
        entry.state.retire()

    # --- showing

    def show(self) -> Shown | None:
        """A copy of the maps; None while M is held."""
        if self.lock.locked():
            return None
        threads = self.threads
        return Shown(
            self.live_connections.copy(),
            {t: set(entry.grants) for t, entry in threads.items()},
            self.index.copy_threads_of(),
            self.index.ids.copy(),
            self.raw.copy(),
            {t: entry.state.shown() for t, entry in threads.items()},
        )

    def shows(self, shown: Shown) -> bool:
        """Whether `show()` would return `shown`. Called at every step of a run, so it copies as little as possible."""
        index = self.index
        subscribers, entries = NOTHING, NOTHING
        if self.threads:
            subscribers, entries = {}, {}
            for thread_id, entry in self.threads.items():
                subscribers[thread_id] = set(entry.grants)
                entries[thread_id] = entry.state.seen()
        return (self.live_connections, subscribers, index.threads_of, index.ids, self.raw, entries) == shown and not self.lock.locked()

    def locks(self) -> dict[str, asyncio.Lock]:
        """The locks by their names in reports."""
        return {"M": self.lock, **{f"T(t{t})": entry.state.lock for t, entry in self.threads.items()}}

    def _overtaken(self, thread_id: int, called_on: Entry | None) -> bool:
        # P6: the entry that the caller saw is gone; acting on a new entry, or creating one, would bring the thread back
        return called_on is not None and self.threads.get(thread_id) is not called_on

    def _entry(self, thread_id: int) -> Entry:
        entry = self.threads.get(thread_id)
        if entry is None:
            entry = self.threads[thread_id] = Entry()
        return entry

    def _grant(self, thread_id: int, connection_id: int, reason: int | None) -> Entry:
        entry = self._entry(thread_id)
        entry.grants.setdefault(connection_id, set()).add(reason)
        self.index.link(thread_id, connection_id)
        return entry

    def _revoke(self, thread_id: int, connection_id: int, reason: int | None) -> None:
        reasons = self.threads[thread_id].grants[connection_id]
        reasons.discard(reason)
        if not reasons:
            self._unlink(thread_id, connection_id)

    def _unlink(self, thread_id: int, connection_id: int) -> None:
        for reason in self.threads[thread_id].grants.pop(connection_id):
            if reason is not IMPLICIT:
                del self.index.ids[reason]
        self.index.unlink(thread_id, connection_id)
        self.raw.discard((thread_id, connection_id))
        if self.unlinked is not None:
            self.unlinked(thread_id, connection_id)
