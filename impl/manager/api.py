"""The interface of every manager: the eleven operations, and two methods to observe it.

Callers and subjects agree on this protocol alone. It says nothing about locks, order or atomicity: there the managers differ.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from subwarden.impl.manager.thread_state import ThreadState
from subwarden.model.manager.projection import Shown


class ManagerApi(Protocol):
    """A subscription manager. Threads, connections and subscription ids are small integers."""

    async def connection_initialized(self, connection_id: int) -> None:
        """The connection is ready: it may be subscribed from now on."""

    async def subscribed_connection_ids(self, thread_id: int) -> Sequence[int]:
        """The thread's subscribers, sorted."""

    async def has_subscribers(self, thread_id: int) -> bool:
        """Whether the thread has any subscriber."""

    async def thread_state(self, thread_id: int) -> ThreadState | None:
        """The thread's state, created if there is none. None: refused."""

    async def try_ensure_connection_subscribed(
        self, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> ThreadState | None:
        """Subscribe the connection; raw turns raw events on, never off. The thread's state, or None: refused."""

    async def try_add_connection_to_thread(self, thread_id: int, connection_id: int) -> bool:
        """Subscribe the connection and leave its raw choice. False: refused."""

    async def set_listener(
        self, subscription_id: int, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> ThreadState | None:
        """Subscribe the connection under an explicit id and set raw. The thread's state, or None: refused."""

    async def remove_listener(self, subscription_id: int) -> int | None:
        """Drop an explicit id. The thread it named, or None for an unknown id."""

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        """Drop every subscription of the pair. Whether there was one."""

    async def remove_thread_state(self, thread_id: int) -> None:
        """Tear the thread down: its entry, its subscriptions, its listener."""

    async def remove_connection(self, connection_id: int) -> None:
        """The connection closed: drop its subscriptions. Listeners stay."""

    def show(self) -> Shown | None:
        """A copy of the maps; None while the manager lock is held, since they may be half changed then."""

    def locks(self) -> dict[str, asyncio.Lock]:
        """The locks by their names in reports: "M", and "T(tN)" for each entry in the map."""
