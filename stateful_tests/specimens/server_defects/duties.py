"""Defects of doing too little, too much or for the wrong client (P4, P7, P8, P12), without a wrong answer to any request."""

from collections.abc import Callable
from typing import Any

from subwarden.checking import causes
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.engine import Submission
from subwarden.impl.server.loaded_thread import LoadedThread
from subwarden.impl.server.outbox import always
from subwarden.impl.server.owning_server import OwningServer
from subwarden.model.server.deliveries import Wrong
from subwarden.model.server.requests import (
    AnswerSent,
    Archive,
    Closed,
    EngineEvent,
    EventKind,
    Message,
    Notice,
    Reply,
    Resume,
    Rollback,
    Start,
    Started,
    TurnStart,
    Unsubscribe,
)
from subwarden.stateful_tests.specimens.server_defects.defect import ASKING, RESUMED, TURN, A, B, Defect, ToAll, program
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault

# --- threads


class NeverUnloads(OwningServer):
    """The last unsubscriber leaves the thread loaded."""

    async def thread_unsubscribe(self, request_id: ConnectionRequestId, request: Unsubscribe) -> None:
        record = self.records.get(request.thread)
        if record is None:
            await self.answer(request_id, Reply.NOT_LOADED)
            return
        async with record.gate:
            was = await self.manager.unsubscribe_connection_from_thread(request.thread, request.connection)
            record.members.pop(request.connection, None)
        await self.answer(request_id, Reply.OK if was else Reply.NOT_SUBSCRIBED)


class UnloadsTheFirstTimeOnly(OwningServer):
    """A thread that is loaded again is not unloaded again."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._unloaded: set[int] = set()

    async def _unload(self, record: LoadedThread) -> None:
        if record.thread not in self._unloaded:
            self._unloaded.add(record.thread)
            await super()._unload(record)


class EndedStaysInRegistry(OwningServer):
    """A conversation that has ended by itself stays in the registry, closing."""

    async def conversation_ended(self, record: LoadedThread) -> None:
        await self._close(record)
        self._post(Closed(record.thread))


class SaysNoStarted(OwningServer):
    """Nobody is told that a thread was started."""

    async def broadcast(self, message: Message) -> None:
        if not isinstance(message, Started):
            await super().broadcast(message)


class StartedToTheStarterOnly(OwningServer):
    """Only the client that started a thread is told so."""

    async def broadcast(self, message: Message) -> None:
        if isinstance(message, Started):
            await self.send(min(self.initialized, default=0), message)
        else:
            await super().broadcast(message)


class StartedForResumed(OwningServer):
    """A thread that is loaded for a resume is announced as a new one."""

    async def thread_resume(self, request_id: ConnectionRequestId, request: Resume) -> None:
        loaded = request.thread in self.records
        await super().thread_resume(request_id, request)
        if not loaded and request.thread in self.records:
            await self.broadcast(Started(request.thread))


class ArchiveSaysNothing(OwningServer):
    """Nobody is told that an archived thread was closed."""

    async def thread_archive(self, request_id: ConnectionRequestId, request: Archive) -> None:
        self._quiet = True
        await super().thread_archive(request_id, request)
        self._quiet = False

    async def broadcast(self, message: Message) -> None:
        if not (isinstance(message, Closed) and getattr(self, "_quiet", False)):
            await super().broadcast(message)


class ClosedTwice(OwningServer):
    """The end of a thread is told twice."""

    async def _unload(self, record: LoadedThread) -> None:
        await super()._unload(record)
        await self.broadcast(Closed(record.thread))


# --- turns


class TurnIsForgotten(OwningServer):
    """A turn is confirmed, and the engine never told."""

    async def turn_start(self, request_id: ConnectionRequestId, request: TurnStart) -> None:
        loaded = request.thread in self.records
        await self.answer(request_id, Reply.OK if loaded else Reply.NOT_LOADED)


class SecondTurnIsForgotten(OwningServer):
    """A turn is not submitted while a client has the history of an open one: it is taken for a repetition."""

    async def turn_start(self, request_id: ConnectionRequestId, request: TurnStart) -> None:
        record = self.records.get(request.thread)
        if record is not None and record.turns:
            await self.answer(request_id, Reply.OK)
            return
        await super().turn_start(request_id, request)


class TurnIsSubmittedTwice(OwningServer):
    """A turn is submitted again after its answer."""

    async def turn_start(self, request_id: ConnectionRequestId, request: TurnStart) -> None:
        await super().turn_start(request_id, request)
        record = self.records.get(request.thread)
        if record is not None and not record.closing:
            record.conversation.submit(Submission.TURN)


class RollbackInterrupts(OwningServer):
    """A rollback interrupts the turn first, which nobody asked for."""

    async def thread_rollback(self, request_id: ConnectionRequestId, request: Rollback) -> None:
        record = self.records.get(request.thread)
        if record is not None and not record.closing:
            record.conversation.submit(Submission.INTERRUPT)
        await super().thread_rollback(request_id, request)


# --- events and answers


class EventsToAll(ToAll):
    """Every live client is sent the events of every thread."""

    told = Notice


class HistoryTwice(OwningServer):
    """After the answer to a resume, the last event in its history is sent again."""

    async def send(self, connection: int, message: Message, wanted: Callable[[], bool] = always) -> bool:
        sent = await super().send(connection, message, wanted)
        if sent and isinstance(message, AnswerSent) and message.open_turn is not None:
            record = next(record for record in self.records.values() if connection in record.members)
            event = EngineEvent(EventKind.ITEM, message.open_turn)
            await super().send(connection, Notice(record.thread, record.conversation.number, event, False))
        return sent


class StartsInVain(OwningServer):
    """A start succeeds and is answered as if the thread had ended."""

    async def send(self, connection: int, message: Message, wanted: Callable[[], bool] = always) -> bool:
        if isinstance(message, AnswerSent) and connection in self._starting:
            self._starting.discard(connection)
            message = message._replace(reply=Reply.ENDED)
        return await super().send(connection, message, wanted)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._starting: set[int] = set()

    async def thread_start(self, request_id: ConnectionRequestId, request: Start) -> None:
        self._starting.add(request.connection)
        await super().thread_start(request_id, request)


class LoadsInVain(OwningServer):
    """A resume that has loaded its thread is answered `failed`."""

    async def thread_resume(self, request_id: ConnectionRequestId, request: Resume) -> None:
        if request.thread in self.records or not self.engine.stored(request.thread):
            await super().thread_resume(request_id, request)
            return
        await self._bring(request.thread, lambda: self.engine.load(request.thread))
        await self.answer(request_id, Reply.FAILED)


DEFECTS = (
    Defect(NeverUnloads, causes.STAYS_LOADED, program(*RESUMED, Unsubscribe(1, 1))),
    Defect(UnloadsTheFirstTimeOnly, causes.STAYS_LOADED, program(*RESUMED, Unsubscribe(1, 1), Resume(1, 1), Unsubscribe(1, 1))),
    Defect(
        EndedStaysInRegistry,
        causes.STAYS_LOADED,
        program(*RESUMED, faults=(ServerFault(FaultKind.ENDS, 1),)),
        also=(causes.wrong_delivery(Wrong.CLOSED_AGAIN),),
    ),
    Defect(SaysNoStarted, causes.wrong_delivery(Wrong.NOT_STARTED), program(A, B, Start(1, 3, False))),
    Defect(StartedToTheStarterOnly, causes.wrong_delivery(Wrong.NOT_STARTED), program(A, B, Start(1, 3, False))),
    Defect(StartedForResumed, causes.wrong_delivery(Wrong.STARTED_AGAIN), program(*RESUMED)),
    Defect(ArchiveSaysNothing, causes.wrong_delivery(Wrong.NOT_CLOSED), program(*RESUMED, Archive(1, 1))),
    Defect(ClosedTwice, causes.wrong_delivery(Wrong.CLOSED_AGAIN), program(*RESUMED, Unsubscribe(1, 1))),
    Defect(TurnIsForgotten, causes.NOT_SUBMITTED, program(*RESUMED, TURN)),
    Defect(SecondTurnIsForgotten, causes.NOT_SUBMITTED, program(*RESUMED, TURN, TURN)),
    Defect(TurnIsSubmittedTwice, causes.UNASKED_SUBMISSION, program(*RESUMED, TURN)),
    Defect(RollbackInterrupts, causes.UNASKED_SUBMISSION, program(*RESUMED, TURN, Rollback(1, 1))),
    Defect(EventsToAll, causes.wrong_delivery(Wrong.STRANGER), program(A, B, Resume(1, 1), TURN)),
    Defect(
        HistoryTwice,
        causes.wrong_delivery(Wrong.IN_ANSWER),
        program(A, B, Resume(1, 1), ASKING, Resume(2, 1)),
        also=(causes.wrong_delivery(Wrong.TWICE),),
    ),
    Defect(StartsInVain, causes.wrong_answer("thread_start"), program(A, Start(1, 3, False))),
    Defect(LoadsInVain, causes.wrong_answer("thread_resume"), program(*RESUMED)),
)
