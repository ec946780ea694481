"""Defects of P7, P8 and P11: answers that never come, come twice or are wrong, and effects that no request asked for."""

from collections.abc import Callable, Coroutine
from typing import Any

from subwarden.checking import causes
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.manager.manager import IMPLICIT, Manager
from subwarden.impl.manager.owned_state import OwnedThreadState
from subwarden.impl.server.loaded_thread import LoadedThread
from subwarden.impl.server.outbox import always
from subwarden.impl.server.owning_server import OwningServer
from subwarden.impl.server.server import Server
from subwarden.model.server.deliveries import Wrong
from subwarden.model.server.requests import (
    AddListener,
    Fork,
    ListLoaded,
    Message,
    RemoveListener,
    Reply,
    Request,
    Resume,
    Rollback,
    Start,
    TurnStart,
    Unsubscribe,
)
from subwarden.stateful_tests.specimens.manager_defects.answers import ImplicitGoesWithExplicit
from subwarden.stateful_tests.specimens.server_defects.defect import BOTH, A, B, Defect, program
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault


class UnloadForgetsWhoWaits(OwningServer):
    """Requests that wait for an event of the conversation are dropped with the thread."""

    async def _close(self, record: LoadedThread) -> None:
        record.interrupts.clear()
        record.rollback = None
        await super()._close(record)


class RepeatsSlowAnswers(OwningServer):
    """An answer that had to wait for room is sent again."""

    async def answer(
        self, request_id: ConnectionRequestId, reply: Reply, *, open_turn: int | None = None, threads: tuple[int, ...] | None = None
    ) -> None:
        slow = len(self.outboxes[request_id.connection_id]) > 0
        await super().answer(request_id, reply, open_turn=open_turn, threads=threads)
        if slow:
            await super().answer(request_id, reply, open_turn=open_turn, threads=threads)


class SendsWhatIsNotWanted(OwningServer):
    """A message that had to wait for room is sent although its subscription has ended."""

    async def send(self, connection: int, message: Message, wanted: Callable[[], bool] = always) -> bool:
        return await super().send(connection, message)


class TakesItselfForTheLast(Manager):
    """Every unsubscribe is taken for the last one."""

    def subscribers(self, thread_id: int) -> list[int]:
        return []


class ClosingBeforeItKnows(OwningServer):
    """An unsubscribe marks the thread as closing first, and takes the mark back if subscribers are left."""

    async def thread_unsubscribe(self, request_id: ConnectionRequestId, request: Unsubscribe) -> None:
        if request.thread in self.records:
            self.unloading.add(request.thread)
        await super().thread_unsubscribe(request_id, request)
        record = self.records.get(request.thread)
        if record is not None and not record.closing:
            self.unloading.discard(request.thread)


class SubscribesNobody(Manager):
    """A subscription is confirmed and never made."""

    async def try_ensure_connection_subscribed(
        self, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> OwnedThreadState | None:
        return await self.thread_state(thread_id)


class AlwaysUnsubscribed(Manager):
    """An unsubscribe is answered OK although there was nothing to end."""

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        await super().unsubscribe_connection_from_thread(thread_id, connection_id)
        return True


class SubscribesAll(Manager):
    """A subscription is made for every live client."""

    async def try_ensure_connection_subscribed(
        self, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> OwnedThreadState | None:
        state = await super().try_ensure_connection_subscribed(thread_id, connection_id, experimental_raw_events)
        async with self.lock:
            for other in sorted(self.live_connections) if state is not None else ():
                self._grant(thread_id, other, IMPLICIT)
        return state


class EndsAll(Manager):
    """An unsubscribe ends the subscriptions of all clients."""

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        async with self.lock:
            entry = self.threads.get(thread_id)
            if entry is None or connection_id not in entry.grants:
                return False
            for subscriber in list(entry.grants):
                self._unlink(thread_id, subscriber)
            return True


class BroadcastsOneByOne(OwningServer):
    """A broadcast reaches one client after the other, and a slow one delays the rest."""

    async def broadcast(self, message: Message) -> None:
        await Server.broadcast(self, message)


class ForkTakesAway(OwningServer):
    """A fork takes the forked thread out of the registry."""

    async def thread_fork(self, request_id: ConnectionRequestId, request: Fork) -> None:
        self.loaded.pop(request.thread, None)
        await super().thread_fork(request_id, request)


class CancelledIsForgotten(OwningServer):
    """A request is carried out by its handler, and lost when that is cancelled."""

    def handling(self, request_id: ConnectionRequestId, request: Request) -> Coroutine[Any, Any, None]:
        return self.dispatch(request_id, request)


DEFECTS = (
    Defect(UnloadForgetsWhoWaits, causes.never_answered("thread_rollback"), program(A, Resume(1, 1), Rollback(1, 1), Unsubscribe(1, 1))),
    Defect(
        RepeatsSlowAnswers,
        causes.answered_twice("thread_loaded_list"),
        program(A, ListLoaded(1)),
        also=(causes.answered_twice("initialize"),),
    ),
    Defect(SendsWhatIsNotWanted, causes.wrong_delivery(Wrong.AFTER_END), program(*BOTH, TurnStart(1, 1, False), Unsubscribe(2, 1))),
    Defect(OwningServer, causes.UNASKED_END, program(*BOTH, Unsubscribe(2, 1)), TakesItselfForTheLast, also=(causes.TORN_FROM_UNDER,)),
    Defect(
        ClosingBeforeItKnows,
        causes.TORN_FROM_UNDER,
        program(*BOTH, Unsubscribe(2, 1)),
        also=(causes.LATE_LINK, causes.wrong_answer("thread_resume"), causes.STAYS_LOADED),
    ),
    Defect(OwningServer, causes.NEVER_LINKED, program(A, Resume(1, 1)), SubscribesNobody),
    Defect(OwningServer, causes.wrong_answer("thread_unsubscribe"), program(*BOTH[:3], Unsubscribe(2, 1)), AlwaysUnsubscribed),
    Defect(OwningServer, causes.UNASKED_LINK, program(A, B, Start(1, 3, False)), SubscribesAll),
    Defect(OwningServer, causes.UNASKED_END, program(*BOTH, Unsubscribe(2, 1)), EndsAll),
    Defect(
        OwningServer,
        causes.ID_ENDS_ALL,
        program(A, Resume(1, 1), AddListener(1, 1, 1, False), RemoveListener(1, 1)),
        ImplicitGoesWithExplicit,
    ),
    Defect(BroadcastsOneByOne, causes.FALSE_CLOSE, program(B, Resume(2, 1), A, Unsubscribe(2, 1), Resume(2, 1)), slow=("+c1 reads",)),
    Defect(ForkTakesAway, causes.UNASKED_UNLOAD, program(A, Resume(1, 1), Fork(1, 1, 3)), also=(causes.REVIVED_ENTRY,)),
    Defect(CancelledIsForgotten, causes.CANCELLED_UNANSWERED, program(A, Resume(1, 1), faults=(ServerFault(FaultKind.CANCELLED, 1),))),
)
