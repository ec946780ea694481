"""Defects of P6, P8 and P10: effects, answers or states that no order of the calls explains."""

import asyncio

from subwarden.checking import causes
from subwarden.impl.manager.manager import IMPLICIT, Entry, Manager
from subwarden.impl.manager.owned_state import OwnedThreadState
from subwarden.model.manager.operations import (
    ConnectionInitialized,
    RemoveListener,
    SetListener,
    TryAddConnectionToThread,
    TryEnsureConnectionSubscribed,
)
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.specimens.defect import Defect
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


class ThreadComesBack(Manager):
    """A call that a teardown overtook creates the entry again."""

    def _overtaken(self, thread_id: int, called_on: Entry | None) -> bool:
        return False


class ImplicitGoesWithExplicit(Manager):
    """Removing an explicit id also undoes the pair's implicit subscription."""

    async def remove_listener(self, subscription_id: int) -> int | None:
        async with self.lock:
            known = self.index.ids.get(subscription_id)
            if known is not None:
                grants = self.threads[known[0]].grants[known[1]]
                grants.discard(IMPLICIT)
                if grants == {subscription_id}:
                    self._unlink(*known)
                    return known[0]
        return await super().remove_listener(subscription_id)


class AlwaysUnsubscribed(Manager):
    """An unsubscribe returns True even if the connection was not subscribed."""

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        await super().unsubscribe_connection_from_thread(thread_id, connection_id)
        return True


class EntryMeansSubscribers(Manager):
    """A loaded thread counts as a thread with subscribers."""

    async def has_subscribers(self, thread_id: int) -> bool:
        async with self.lock:
            return thread_id in self.threads


class UnknownIdRaises(Manager):
    """An unknown subscription id raises."""

    async def remove_listener(self, subscription_id: int) -> int | None:
        async with self.lock:
            known = self.index.ids.pop(subscription_id)
            self._revoke(known[0], known[1], subscription_id)
            return known[0]


class UnsubscribesLater(Manager):
    """An unsubscribe answers at once, and a background task of the manager does the work."""

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        later = super().unsubscribe_connection_from_thread(thread_id, connection_id)
        asyncio.get_running_loop().create_task(later, name="later")
        entry = self.threads.get(thread_id)
        return entry is not None and connection_id in entry.grants


class RawForAll(Manager):
    """One flag a thread: a connection that asks for raw events sets them for all subscribers."""

    async def try_ensure_connection_subscribed(
        self, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> OwnedThreadState | None:
        state = await super().try_ensure_connection_subscribed(thread_id, connection_id, experimental_raw_events)
        if experimental_raw_events and state is not None:
            entry = self.threads.get(thread_id)
            self.raw |= {(thread_id, c) for c in (() if entry is None else entry.grants)}
        return state


class RawInSecondSection(Manager):
    """The subscription is made in one section, its raw choice in the next: in between, events are sent in the wrong form."""

    async def try_ensure_connection_subscribed(
        self, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> OwnedThreadState | None:
        state = await super().try_ensure_connection_subscribed(thread_id, connection_id, False)
        if state is not None and experimental_raw_events:
            async with self.lock:
                entry = self.threads.get(thread_id)
                if entry is not None and entry.state is state and connection_id in entry.grants:
                    self.raw.add((thread_id, connection_id))
        return state


DEFECTS = (
    Defect(ThreadComesBack, causes.REAPPEARS, 4, Order.ANY),
    Defect(
        ImplicitGoesWithExplicit,
        causes.wrong_state("remove_listener"),
        4,
        program=ManagerProgram(
            ((ConnectionInitialized(1),), (TryAddConnectionToThread(1, 1),), (SetListener(1, 1, 1, False),), (RemoveListener(1),))
        ),
    ),
    Defect(AlwaysUnsubscribed, causes.wrong_answer("unsubscribe_connection_from_thread"), 1),
    Defect(EntryMeansSubscribers, causes.wrong_answer("has_subscribers"), 2),
    Defect(UnknownIdRaises, causes.raised("remove_listener", KeyError()), 1),
    Defect(
        UnsubscribesLater,
        causes.wrong_state("a task of the manager's own"),
        3,
        also=(causes.wrong_answer("unsubscribe_connection_from_thread"),),
    ),
    Defect(
        RawForAll,
        causes.RAW_NOT_OWN,
        4,
        program=ManagerProgram(
            (
                (ConnectionInitialized(1),),
                (ConnectionInitialized(2),),
                (TryEnsureConnectionSubscribed(1, 1, False),),
                (TryEnsureConnectionSubscribed(1, 2, True),),
            )
        ),
    ),
    Defect(RawInSecondSection, causes.RAW_HALF_DONE, 2, Order.ANY),
)
