"""Defects of a server whose own tasks are cancelled from outside: a listener, a worker, the body of a start (P11)."""

import asyncio
from functools import partial

from subwarden.checking import causes
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.engine import EngineFailed
from subwarden.impl.server.loaded_thread import LoadedThread
from subwarden.impl.server.owned_threads import Bringing
from subwarden.impl.server.owning_listener import OwningListener
from subwarden.impl.server.owning_server import OwningServer
from subwarden.model.server.deliveries import Wrong
from subwarden.model.server.requests import Fork, Reply, Resume, Start, Unsubscribe
from subwarden.stateful_tests.specimens.server_defects.defect import BOTH, RESUMED, TURN, A, B, Defect, OtherListener, program
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault

# --- of a listener


class NobodyTakesOver(OwningServer):
    """A listener that is cancelled has no successor."""

    def listens(self, record: LoadedThread, listener: OwningListener) -> None:
        if record.listener is None:
            super().listens(record, listener)


class TakesOverEmptyHanded(OwningServer):
    """What a cancelled listener had in hand is lost."""

    def listens(self, record: LoadedThread, listener: OwningListener) -> None:
        record.hand.clear()
        super().listens(record, listener)


class _FromTheFirst(OwningListener):
    async def _finish(self) -> None:
        hand = self._record.hand
        for work in tuple(hand):
            await self._do(work)
        hand.clear()


class BeginsAgain(OtherListener):
    """The successor of a cancelled listener does again what that had done of an event."""

    kind = _FromTheFirst


# --- of a worker


class WorkerIsForgotten(OwningServer):
    """A worker that is cancelled leaves its request to nobody."""

    def cancelled(self, request_id: ConnectionRequestId) -> None:
        if request_id.request_id not in self._waiting:  # it is a start
            super().cancelled(request_id)


class AnswersForTheListener(OwningServer):
    """A cancelled request is answered at once, though a listener has its answer already."""

    def cancelled(self, request_id: ConnectionRequestId) -> None:
        self._unanswered.setdefault(request_id.request_id, None)
        super().cancelled(request_id)


class ClosesAfterItsAnswer(OwningServer):
    """The last unsubscriber is answered first: if its worker is cancelled then, the thread stays loaded."""

    async def thread_unsubscribe(self, request_id: ConnectionRequestId, request: Unsubscribe) -> None:
        record = self.records.get(request.thread)
        if record is None or len(self.manager.subscribers(request.thread)) != 1:
            await super().thread_unsubscribe(request_id, request)
            return
        async with record.gate:
            was = not record.closing and await self.manager.unsubscribe_connection_from_thread(request.thread, request.connection)
            record.members.pop(request.connection, None)
            await self.answer(request_id, Reply.OK if was else Reply.NOT_SUBSCRIBED)
            if was:
                await self._close(record)
                self.spawn(f"closing v{record.conversation.number}", self._unload, record)


class LoadStaysBegun(OwningServer):
    """Whoever waits for the load of a request that is cancelled waits for ever."""

    async def _bring(self, thread: int, bringing: Bringing) -> bool:
        if await self._brought(thread):
            return False
        self._loading[thread] = []
        try:
            conversation = await bringing()
        except EngineFailed:
            self._let_go(thread)
            raise
        await self._adopt(thread, conversation)
        self._let_go(thread)
        return True

    def _let_go(self, thread: int) -> None:
        for waiter in self._loading.pop(thread):
            if not waiter.done():
                waiter.set_result(None)


# --- of a start


class StartIsForgotten(OwningServer):
    """A start that is cancelled leaves its request to nobody."""

    def cancelled(self, request_id: ConnectionRequestId) -> None:
        if request_id.request_id in self._waiting:  # it is a worker
            super().cancelled(request_id)


class SaysStartedTooLate(OwningServer):
    """A start tells everybody of its thread when its answer is sent, and not if it is cancelled while that waits."""

    async def _begin(self, request_id: ConnectionRequestId, thread: int, raw: bool, starting: Bringing) -> None:
        try:
            await self._bring(thread, starting)
            record = self.records.get(thread)
            said = None if record is None else await self._subscribe(record, request_id, raw)
            if said is None or record is None:
                await self.answer(request_id, Reply.ENDED)
            else:
                await said
                await self._announce(record)
        except EngineFailed:
            await self.answer(request_id, Reply.FAILED)
        except asyncio.CancelledError:
            self.cancelled(request_id)
            raise


def _faults(kind: FaultKind, place: int) -> tuple[ServerFault, ...]:
    return (ServerFault(kind, place),)


listener, worker, start = (partial(_faults, kind) for kind in (FaultKind.LISTENER, FaultKind.WORKER, FaultKind.START))
UNSAID = causes.never_answered("thread_resume"), causes.LEAKED_TASK

DEFECTS = (
    Defect(
        NobodyTakesOver,
        causes.UNSERVED,
        program(*RESUMED, faults=listener(1)),
        also=UNSAID,
    ),
    Defect(TakesOverEmptyHanded, causes.wrong_delivery(Wrong.LOST), program(*BOTH, TURN, faults=listener(2)), also=UNSAID),
    Defect(BeginsAgain, causes.wrong_delivery(Wrong.TWICE), program(*BOTH, TURN, faults=listener(2))),
    Defect(WorkerIsForgotten, causes.CANCELLED_UNANSWERED, program(*RESUMED, faults=worker(1))),
    Defect(AnswersForTheListener, causes.answered_twice("thread_resume"), program(*RESUMED, faults=worker(1))),
    Defect(ClosesAfterItsAnswer, causes.STAYS_LOADED, program(*RESUMED, Unsubscribe(1, 1), faults=worker(2))),
    Defect(
        LoadStaysBegun,
        causes.never_answered("thread_resume"),
        program(A, B, Resume(1, 1), Resume(2, 1), faults=worker(2)),
        also=(causes.LEAKED_TASK,),
    ),
    Defect(StartIsForgotten, causes.CANCELLED_UNANSWERED, program(A, Start(1, 3, False), faults=start(1))),
    Defect(
        SaysStartedTooLate, causes.wrong_delivery(Wrong.NOT_STARTED), program(A, B, Fork(1, 1, 3), faults=start(2)), slow=("+c1 reads",)
    ),
)
