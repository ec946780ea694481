"""Defects of identity (P7, P8): an approval, an interrupt, a rollback, a member or an id of one life is taken for another's.

Long because each defect is the code of a method as it is, but for the line that is wrong.
"""

from subwarden.checking import causes
from subwarden.checking.causes import wrong_delivery
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.engine import Submission
from subwarden.impl.server.loaded_thread import Approved, LoadedThread
from subwarden.impl.server.outbox import always
from subwarden.impl.server.owning_listener import OwningListener
from subwarden.impl.server.owning_server import OwningServer
from subwarden.impl.server.server import shut_down
from subwarden.model.server.deliveries import Wrong
from subwarden.model.server.requests import (
    AddListener,
    Closed,
    Initialize,
    Notice,
    RemoveListener,
    Reply,
    Request,
    Resume,
    Rollback,
    TurnInterrupt,
    TurnStart,
    Unsubscribe,
)
from subwarden.stateful_tests.specimens.server_defects.defect import (
    ASKING,
    BOTH,
    RESUMED,
    TURN,
    A,
    B,
    Defect,
    OtherListener,
    program,
)

# --- approvals


class _AsksThenApproves(OwningListener):
    async def _next(self) -> None:
        record, asked = self._record, set(self._record.asked)
        await super()._next()
        for number in sorted(record.asked - asked):
            record.asked.discard(number)
            record.approved.append(Approved(number, record.members.copy()))


class AsksThenApproves(OtherListener):
    """The clients are asked, and the approval is given without waiting for them."""

    kind = _AsksThenApproves


class ApprovedByStrangers(OwningServer):
    """A client that is not subscribed any more can give an approval that it was asked for."""

    def approve(self, connection: int, thread: int, conversation: int, number: int) -> None:
        record = self.records.get(thread)
        if record is not None and record.conversation.number == conversation and number in record.asked:
            record.asked.discard(number)
            record.approved.append(Approved(number, record.members.copy()))
            record.wake()


class ApprovedBesideAnId(ApprovedByStrangers):
    """The same, while a request about some id is open."""

    def __init__(self, *arguments) -> None:  # type: ignore[no-untyped-def]
        super().__init__(*arguments)
        self._about_an_id = 0

    async def dispatch(self, request_id: ConnectionRequestId, request: Request) -> None:
        about_an_id = isinstance(request, AddListener | RemoveListener)
        self._about_an_id += about_an_id
        await super().dispatch(request_id, request)
        self._about_an_id -= about_an_id

    def approve(self, connection: int, thread: int, conversation: int, number: int) -> None:
        answered = super().approve if self._about_an_id else super(ApprovedByStrangers, self).approve
        answered(connection, thread, conversation, number)


class ApprovesTheNextConversation(OwningServer):
    """An approval is taken for one of the thread's present conversation, whichever it was given for."""

    def approve(self, connection: int, thread: int, conversation: int, number: int) -> None:
        record = self.records.get(thread)
        present = conversation if record is None else record.conversation.number
        super().approve(connection, thread, present, number)


class ApprovesTheNextTurn(OwningServer):
    """An approval is taken for the one that is open, whichever it was given for."""

    def approve(self, connection: int, thread: int, conversation: int, number: int) -> None:
        record = self.records.get(thread)
        if record is not None and record.asked:
            number = min(record.asked)
        super().approve(connection, thread, conversation, number)


class OneForAll(OwningServer):
    """An approval that a client gives settles the approvals of all threads."""

    def approve(self, connection: int, thread: int, conversation: int, number: int) -> None:
        super().approve(connection, thread, conversation, number)
        for other, record in self.records.items():
            for open_ in sorted(record.asked) if other != thread else ():
                record.asked.discard(open_)
                record.approved.append(Approved(open_, record.members.copy()))
                record.wake()


# --- interrupts and rollbacks


class _AnyEnd(OwningListener):
    async def _next(self) -> None:
        record = self._record
        record.interrupts = [(0, request_id) for _, request_id in record.interrupts]
        await super()._next()


class InterruptByTheNextEnd(OtherListener):
    """An interrupt is answered at the end of whichever turn ends next."""

    kind = _AnyEnd


class _AnyEvent(OwningListener):
    async def _next(self) -> None:
        await super()._next()
        ended, self._record.interrupts = self._record.interrupts, []
        for _, request_id in ended:
            await self._server.answer(request_id, Reply.OK)


class InterruptByTheNextEvent(OtherListener):
    """An interrupt is answered at the next event."""

    kind = _AnyEvent


class InterruptAtOnce(OwningServer):
    """An interrupt is answered as soon as the engine was told of it."""

    async def turn_interrupt(self, request_id: ConnectionRequestId, request: TurnInterrupt) -> None:
        record = self.records.get(request.thread)
        if record is None or record.closing:
            await self.answer(request_id, Reply.NOT_LOADED)
            return
        record.conversation.submit(Submission.INTERRUPT)
        await self.answer(request_id, Reply.OK)


class RollbackAtOnce(OwningServer):
    """A rollback is answered when the one before it is done."""

    async def thread_rollback(self, request_id: ConnectionRequestId, request: Rollback) -> None:
        record = self.records.get(request.thread)
        if record is not None and record.rollback is not None and not record.closing:
            first, record.rollback = record.rollback, request_id
            record.conversation.submit(Submission.ROLLBACK)
            await self.answer(first, Reply.OK)
        else:
            await super().thread_rollback(request_id, request)


class RollbackOutlivesConversation(OwningServer):
    """A rollback that waits when its conversation is unloaded is answered as done."""

    async def _close(self, record: LoadedThread) -> None:
        waiting, record.rollback = record.rollback, None
        await super()._close(record)
        if waiting is not None:
            self.spawn("late answer", self.answer, waiting, Reply.OK)


class _AnyEventIsRollback(OwningListener):
    async def _next(self) -> None:
        record = self._record
        waiting = record.rollback
        await super()._next()
        if waiting is not None and record.rollback is waiting and self._state.active_turn_snapshot() is None:
            record.rollback = None
            await self._server.answer(waiting, Reply.OK)


class RollbackByTheTurn(OtherListener):
    """A rollback is answered when the turn before it has ended."""

    kind = _AnyEventIsRollback


# --- members and ids


class MemberStays(OwningServer):
    """When the last id of a subscription is removed, its member stays."""

    def _leave(self, thread: int, connection: int) -> None:
        pass


class IdOutlivesThread(OwningServer):
    """An id that its thread's unload has ended still ends the connection's subscription to the thread's next conversation."""

    def __init__(self, *arguments) -> None:  # type: ignore[no-untyped-def]
        super().__init__(*arguments)
        self._ids: dict[int, tuple[int, int]] = {}

    async def add_listener(self, request_id: ConnectionRequestId, request: AddListener) -> None:
        self._ids[request.subscription] = request.thread, request.connection
        await super().add_listener(request_id, request)

    async def remove_listener(self, request_id: ConnectionRequestId, request: RemoveListener) -> None:
        pair = self._ids.pop(request.subscription, None)
        if pair is not None and request.subscription not in self.manager.index.ids:
            ended = await self.manager.unsubscribe_connection_from_thread(*pair)
            record = self.records.get(pair[0])
            if record is not None:
                record.members.pop(pair[1], None)
            await self.answer(request_id, Reply.OK if ended else Reply.NOT_FOUND)
        else:
            await super().remove_listener(request_id, request)


class RemovesAllIds(OwningServer):
    """Removing one id of a connection removes its other ids."""

    async def remove_listener(self, request_id: ConnectionRequestId, request: RemoveListener) -> None:
        pair = self.manager.index.ids.get(request.subscription)
        for other, of in sorted(self.manager.index.ids.items()):
            if pair is not None and other != request.subscription and of[1] == pair[1]:
                await self.manager.remove_listener(other)
        await super().remove_listener(request_id, request)


# --- told of the wrong life


class ClosedWhenItCloses(OwningServer):
    """The end of a thread is told before it is unloaded."""

    async def _unload(self, record: LoadedThread) -> None:
        await self.broadcast(Closed(record.thread))
        await shut_down(record.conversation)
        self._forget(record)


class _FormerEvents(OwningListener):
    def _still(self, connection: int, member: object):  # type: ignore[no-untyped-def]
        return lambda: connection in self._record.members


class EventsOfAFormerSubscription(OtherListener):
    """A client that has come back is sent the events that were meant for its former subscription."""

    kind = _FormerEvents


class RefusedIsSent(OwningServer):
    """A client whose subscription was refused is sent the events."""

    async def add_listener(self, request_id: ConnectionRequestId, request: AddListener) -> None:
        await super().add_listener(request_id, request)
        record = self.records.get(request.thread)
        if record is not None and not record.members.get(request.connection):
            self._refused = request.connection

    async def send(self, connection: int, message, wanted=always) -> bool:  # type: ignore[no-untyped-def]
        refused = getattr(self, "_refused", connection)
        if isinstance(message, Notice) and refused != connection:
            await super().send(refused, message)
        return await super().send(connection, message, wanted)


class TurnOfTheOldConversation(OwningServer):
    """A turn goes to the first conversation that the thread had."""

    def __init__(self, *arguments) -> None:  # type: ignore[no-untyped-def]
        super().__init__(*arguments)
        self._first: dict[int, object] = {}

    async def turn_start(self, request_id: ConnectionRequestId, request) -> None:  # type: ignore[no-untyped-def]
        record = self.records.get(request.thread)
        if record is None or record.closing:
            await self.answer(request_id, Reply.NOT_LOADED)
            return
        first = self._first.setdefault(request.thread, record.conversation)
        first._over = False  # type: ignore[attr-defined]
        first.submit(Submission.ASKING_TURN if request.asks else Submission.TURN)  # type: ignore[attr-defined]
        await self.answer(request_id, Reply.OK)


AGAIN = (Unsubscribe(1, 1), Resume(1, 1))
LATE = ("+c1 approves v1", "+c1 approves v2", "+c1 approves v1@2")
BY_AN_ID = (A, B, Resume(2, 1), AddListener(1, 1, 1, False))
COMES_BACK = (*BY_AN_ID, TurnStart(2, 1, False), RemoveListener(2, 1), Resume(1, 1))
NOT_GIVEN = wrong_delivery(Wrong.NOT_GIVEN)

DEFECTS = (
    Defect(AsksThenApproves, NOT_GIVEN, program(*RESUMED, ASKING)),
    Defect(ApprovedByStrangers, NOT_GIVEN, program(*BOTH, ASKING, Unsubscribe(1, 1)), slow=("+c1 approves v1", "+c2 approves v1")),
    Defect(
        ApprovedBesideAnId,
        NOT_GIVEN,
        program(A, B, Initialize(3), *BOTH[2:], ASKING, Unsubscribe(1, 1), *[RemoveListener(3, 1)] * 2),
        slow=("+c3 reads", "+c1 approves v1", "+c2 approves v1"),
    ),
    Defect(ApprovesTheNextConversation, NOT_GIVEN, program(*RESUMED, ASKING, *AGAIN, ASKING), slow=LATE),
    Defect(ApprovesTheNextTurn, NOT_GIVEN, program(*RESUMED, ASKING, TurnInterrupt(1, 1), ASKING), slow=LATE),
    Defect(OneForAll, NOT_GIVEN, program(A, B, Resume(1, 1), Resume(2, 2), ASKING, TurnStart(2, 2, True)), slow=("+c2 reads",)),
    Defect(
        InterruptByTheNextEnd,
        causes.TOO_EARLY,
        program(A, B, Resume(1, 1), TurnStart(2, 1, False), TurnStart(2, 1, True), TurnInterrupt(2, 1)),
        slow=("+c1 reads",),
    ),
    Defect(
        InterruptByTheNextEvent,
        causes.TOO_EARLY,
        program(*RESUMED, TURN, TurnInterrupt(1, 1)),
        also=(causes.wrong_answer("turn_interrupt"),),
    ),
    Defect(InterruptAtOnce, causes.TOO_EARLY, program(*RESUMED, TURN, TurnInterrupt(1, 1))),
    Defect(
        RollbackAtOnce,
        causes.TOO_EARLY,
        program(A, B, Resume(1, 1), Rollback(1, 1), Rollback(2, 1)),
        also=(causes.wrong_answer("thread_rollback"),),
    ),
    Defect(
        RollbackOutlivesConversation,
        causes.TOO_EARLY,
        program(*RESUMED, Rollback(1, 1), Unsubscribe(1, 1)),
        also=(causes.wrong_answer("thread_rollback"),),
    ),
    Defect(
        RollbackByTheTurn,
        causes.TOO_EARLY,
        program(*RESUMED, TURN, Rollback(1, 1)),
        also=(causes.wrong_answer("thread_rollback"),),
    ),
    Defect(
        MemberStays,
        wrong_delivery(Wrong.SETTLED_OTHER),
        program(A, B, Resume(1, 1), AddListener(2, 1, 1, False), RemoveListener(2, 1), ASKING),
        also=(NOT_GIVEN, wrong_delivery(Wrong.FORMER)),
    ),
    Defect(EventsOfAFormerSubscription, wrong_delivery(Wrong.FORMER), program(*COMES_BACK), slow=("+c1 reads",)),
    Defect(
        IdOutlivesThread,
        causes.UNASKED_END,
        program(*BY_AN_ID, Unsubscribe(2, 1), *AGAIN, RemoveListener(1, 1)),
        also=(causes.wrong_answer("remove_listener"), causes.wrong_answer("thread_unsubscribe")),
    ),
    Defect(
        RemovesAllIds,
        causes.UNASKED_END,
        program(A, B, Resume(1, 1), AddListener(2, 1, 1, False), AddListener(2, 2, 1, False), RemoveListener(2, 1)),
    ),
    Defect(ClosedWhenItCloses, wrong_delivery(Wrong.CLOSED_AGAIN), program(*RESUMED, Unsubscribe(1, 1))),
    Defect(TurnOfTheOldConversation, causes.UNASKED_SUBMISSION, program(*RESUMED, TURN, *AGAIN, TURN)),
    Defect(
        RefusedIsSent,
        wrong_delivery(Wrong.UNSUBSCRIBED),
        program(A, B, Resume(1, 1), AddListener(1, 1, 1, False), AddListener(2, 1, 1, False), TURN),
    ),
)
