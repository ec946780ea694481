"""Defects of P12, P13 and P14: leaks, deadlocks, and requests that wait for another's start."""

import asyncio

from subwarden.checking import causes
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.owning_server import OwningServer
from subwarden.model.server.requests import Archive, Close, ListLoaded, Message, Resume, Start, TurnInterrupt, TurnStart
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.specimens.server_defects.defect import A, B, Defect, program
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
            await super().broadcast(message)


class ListWaitsForStarts(OwningServer):
    """A list waits for the threads that are being started, to be complete."""

    async def thread_loaded_list(self, request_id: ConnectionRequestId, request: ListLoaded) -> None:
        for waiting in list(self._loading.values()):
            started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            waiting.append(started)
            await started
        await super().thread_loaded_list(request_id, request)


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
)
