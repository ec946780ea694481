"""Defects of P12, P13 and P14: leaks, deadlocks, and requests that wait for another's start."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from subwarden.checking import causes
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.outbox import always
from subwarden.impl.server.owning_server import OwningServer
from subwarden.model.server.requests import (
    Archive,
    Close,
    Fork,
    ListLoaded,
    Message,
    Reply,
    Resume,
    Start,
    TurnInterrupt,
    TurnStart,
    Unsubscribe,
)
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.specimens.server_defects.defect import RESUMED, TURN, A, B, Defect, program
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault


async def _forever() -> None:
    await asyncio.get_running_loop().create_future()


async def _fail() -> None:
    raise ValueError("nobody listens")


class TaskLeftBehind(OwningServer):
    """A close starts a task that waits for ever."""

    def close(self, connection: int) -> None:
        super().close(connection)
        self.spawn("forever", _forever)


class ExceptionNobodyRetrieves(OwningServer):
    """A task fails, and its exception is never retrieved."""

    async def turn_start(self, request_id: ConnectionRequestId, request: TurnStart) -> None:
        self.spawn("failing", _fail)
        await super().turn_start(request_id, request)


class GateNeverOpened(OwningServer):
    """An interrupt takes the gate and never releases it."""

    async def turn_interrupt(self, request_id: ConnectionRequestId, request: TurnInterrupt) -> None:
        record = self.records.get(request.thread)
        if record is not None:
            await record.gate.acquire()
        await super().turn_interrupt(request_id, request)


class LocksInBothOrders(OwningServer):
    """An archive takes the gate inside M; all other requests take M inside the gate."""

    async def thread_archive(self, request_id: ConnectionRequestId, request: Archive) -> None:
        record = self.records.get(request.thread)
        if record is not None:
            async with self.manager.lock, record.gate:
                pass
        await super().thread_archive(request_id, request)


class BroadcastsUnderM(OwningServer):
    """A broadcast holds M until the slowest client has room."""

    async def broadcast(self, message: Message) -> None:
        async with self.manager.lock:
            for room in self._post(message):
                await room


class ListWaitsForStarts(OwningServer):
    """A list waits for the threads that are being started, to be complete."""

    async def thread_loaded_list(self, request_id: ConnectionRequestId, request: ListLoaded) -> None:
        for waiting in list(self._loading.values()):
            started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            waiting.append(started)
            await started
        await super().thread_loaded_list(request_id, request)


class HandlersWaitForTheEngine(OwningServer):
    """A handler waits for a load and a shutdown inline, and holds up the other requests of its connection."""

    def go_on(self, request_id: ConnectionRequestId) -> None:
        pass


class WaitsWhileAnotherIsSlow(OwningServer):
    """The same, while some other client has a message to read."""

    def go_on(self, request_id: ConnectionRequestId) -> None:
        if not any(len(outbox) for connection, outbox in self.outboxes.items() if connection != request_id.connection_id):
            super().go_on(request_id)


class ForksInline(OwningServer):
    """A fork is awaited inline."""

    async def thread_fork(self, request_id: ConnectionRequestId, request: Fork) -> None:
        await self._begin(request_id, request.fork, False, partial(self.engine.fork, request.thread, request.fork))


class UnsubscribeWaitsForShutdown(OwningServer):
    """The last unsubscribe is answered when the conversation has shut down."""

    async def thread_unsubscribe(self, request_id: ConnectionRequestId, request: Unsubscribe) -> None:
        record = self.records.get(request.thread)
        if record is None or len(record.members) > 1:
            await super().thread_unsubscribe(request_id, request)
            return
        async with record.gate:
            was = not record.closing and await self.manager.unsubscribe_connection_from_thread(request.thread, request.connection)
            if was:
                await self._close(record)
        if was:
            await self._unload(record)
        await self.answer(request_id, Reply.OK if was else Reply.NOT_SUBSCRIBED)


class TurnWaitsForTheTurnBefore(OwningServer):
    """A turn is submitted when no other is open."""

    async def turn_start(self, request_id: ConnectionRequestId, request: TurnStart) -> None:
        conversation = self.loaded.get(request.thread)
        while conversation is not None and conversation._turn and not conversation._over:  # type: ignore[attr-defined]
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._turns.append(waiter)
            await waiter
        await super().turn_start(request_id, request)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._turns: list[asyncio.Future[None]] = []

    async def send(self, connection: int, message: Message, wanted: Callable[[], bool] = always) -> bool:
        waiting, self._turns = self._turns, []
        for waiter in waiting:
            waiter.set_result(None)
        return await super().send(connection, message, wanted)


class InterruptIsForgotten(OwningServer):
    """An interrupt waits for the end of the turn, and the engine is not told of it."""

    async def turn_interrupt(self, request_id: ConnectionRequestId, request: TurnInterrupt) -> None:
        record = self.records.get(request.thread)
        if record is None or record.closing or self.manager.threads[request.thread].state.active_turn_snapshot() is None:
            await super().turn_interrupt(request_id, request)
        else:
            record.interrupts.append((record.turns, request_id))


class InterruptsShare(OwningServer):
    """Of several interrupts of a turn, the engine is told of the first only."""

    async def turn_interrupt(self, request_id: ConnectionRequestId, request: TurnInterrupt) -> None:
        record = self.records.get(request.thread)
        if record is None or record.closing or not record.interrupts:
            await super().turn_interrupt(request_id, request)
        else:
            record.interrupts.append((record.interrupts[-1][0], request_id))


DEFECTS = (
    Defect(TaskLeftBehind, causes.LEAKED_TASK, program(A, Close(1))),
    Defect(ExceptionNobodyRetrieves, causes.UNRETRIEVED, program(A, TurnStart(1, 1, False))),
    Defect(GateNeverOpened, causes.LEAKED_LOCK, program(A, Resume(1, 1), TurnInterrupt(1, 1))),
    Defect(
        LocksInBothOrders,
        causes.DEADLOCK,
        program(A, Resume(1, 1), B, Archive(2, 1), Resume(1, 1)),
        order=Order.ANY,
        also=(causes.LOCK_CYCLE, causes.HELD_OUTSIDE),
    ),
    Defect(BroadcastsUnderM, causes.HELD_OUTSIDE, program(A, Start(1, 3, False))),
    Defect(
        ListWaitsForStarts, causes.WAITS_FOR_START, program(A, Start(1, 3, False), ListLoaded(1), faults=(ServerFault(FaultKind.LATE, 1),))
    ),
    Defect(
        HandlersWaitForTheEngine,
        causes.WAITS_FOR_ENGINE,
        program(B, *RESUMED, ListLoaded(1), Close(2), faults=(ServerFault(FaultKind.LATE, 2),)),
    ),
    Defect(
        WaitsWhileAnotherIsSlow,
        causes.WAITS_FOR_ENGINE,
        program(B, *RESUMED, ListLoaded(1), faults=(ServerFault(FaultKind.SLOW, 0), ServerFault(FaultKind.LATE, 2))),
    ),
    Defect(
        ForksInline,
        causes.WAITS_FOR_ENGINE,
        program(B, A, Fork(1, 1, 3), ListLoaded(1), Close(2), faults=(ServerFault(FaultKind.LATE, 2),)),
    ),
    Defect(UnsubscribeWaitsForShutdown, causes.WAITS_FOR_ENGINE, program(*RESUMED, Unsubscribe(1, 1))),
    Defect(
        TurnWaitsForTheTurnBefore, causes.WAITS_FOR_ENGINE, program(A, B, Resume(1, 1), TURN, TurnStart(2, 1, False)), slow=("+v1 item",)
    ),
    Defect(InterruptIsForgotten, causes.NOT_TOLD, program(*RESUMED, TURN, TurnInterrupt(1, 1)), slow=("+v1 turn complete",)),
    Defect(
        InterruptsShare,
        causes.NOT_TOLD,
        program(A, B, Resume(1, 1), TURN, TurnInterrupt(1, 1), TurnInterrupt(2, 1)),
        slow=("+v1 item", "+v1 turn aborted"),
    ),
)
