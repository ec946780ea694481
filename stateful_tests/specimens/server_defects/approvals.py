"""Defects of approvals (P7, P8): they are asked of the wrong clients, told to the wrong ones, or do not reach the engine."""

from collections.abc import Callable
from typing import Any

from subwarden.checking.causes import wrong_delivery
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.loaded_thread import Approved, LoadedThread
from subwarden.impl.server.outbox import always
from subwarden.impl.server.owning_listener import OwningListener
from subwarden.impl.server.owning_server import OwningServer
from subwarden.model.server.deliveries import Wrong
from subwarden.model.server.requests import (
    Asks,
    Close,
    EngineEvent,
    EventKind,
    Message,
    Resolved,
    Resume,
)
from subwarden.stateful_tests.specimens.server_defects.defect import (
    ASKING,
    BOTH,
    RESUMED,
    A,
    B,
    Defect,
    Drops,
    OtherListener,
    ToAll,
    program,
)
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault


class AsksNobody(Drops):
    """No client is asked for an approval."""

    def drops(self, connection: int, message: Message) -> bool:
        return isinstance(message, Asks)


class AsksTheFirstOnly(Drops):
    """Of several subscribers only the first is asked for an approval."""

    def drops(self, connection: int, message: Message) -> bool:
        return isinstance(message, Asks) and connection != min(self.records[message.thread].members, default=0)


class ResumeIsNotAsked(OwningServer):
    """A client that resumes a thread is not asked for its open approval."""

    async def _subscribe(self, record: LoadedThread, request_id: ConnectionRequestId, raw: bool):  # type: ignore[no-untyped-def]
        asked, record.asked = record.asked, set()
        said = await super()._subscribe(record, request_id, raw)
        record.asked |= asked
        return said


class AsksTwice(OwningServer):
    """Every client is asked twice."""

    async def send(self, connection: int, message: Message, wanted: Callable[[], bool] = always) -> bool:
        if isinstance(message, Asks):
            await super().send(connection, message, wanted)
        return await super().send(connection, message, wanted)


class AsksEverybody(ToAll):
    """All live clients are asked, not only the subscribers."""

    told = Asks


class IgnoresApprovals(OwningServer):
    """An approval that a client gives is dropped."""

    def approve(self, connection: int, thread: int, conversation: int, number: int) -> None:
        pass


class _KeepsApprovals(OwningListener):
    async def _resolved(self, approved: Approved) -> None:
        record = self._record
        for connection in approved.members:
            await self._server.send(connection, Resolved(record.thread, record.conversation.number, approved.number))


class KeepsApprovals(OtherListener):
    """An approval is told to the subscribers, and not to the engine."""

    kind = _KeepsApprovals


class _ApprovesByItself(OwningListener):
    async def _next(self) -> None:
        taken: list[EngineEvent | None] = []
        conversation = self._record.conversation
        next_event = conversation.next_event

        def keeping() -> EngineEvent | None:
            taken.append(next_event())
            if taken[0] is not None and taken[0].kind is EventKind.APPROVAL:
                conversation.approve(taken[0].number)
            return taken[0]

        self._record.conversation = _Wrapped(conversation, keeping)  # type: ignore[assignment]
        try:
            await super()._next()
        finally:
            self._record.conversation = conversation


class _Wrapped:
    """A conversation whose next event is another's business."""

    def __init__(self, of: Any, next_event: Callable[[], EngineEvent | None]) -> None:
        self._of, self.next_event = of, next_event

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of, name)


class ApprovesByItself(OtherListener):
    """An approval is given as soon as the engine asks for it, and nobody is asked."""

    kind = _ApprovesByItself


class TellsNobodyItIsSettled(Drops):
    """The clients that were asked are not told that an approval is settled."""

    def drops(self, connection: int, message: Message) -> bool:
        return isinstance(message, Resolved)


class SettledToAll(ToAll):
    """Every live client is told that an approval is settled."""

    told = Resolved


class RefusalApproves(OwningServer):
    """An approval that a client refuses is given."""

    def deny(self, connection: int, thread: int, conversation: int, number: int) -> None:
        self.approve(connection, thread, conversation, number)


class RefusalIsLost(OwningServer):
    """An approval that a client refuses stays open."""

    def deny(self, connection: int, thread: int, conversation: int, number: int) -> None:
        pass


class LastAnswerCounts(OwningServer):
    """An approval that a client gives, and another refuses before the engine has heard of it, is refused."""

    def deny(self, connection: int, thread: int, conversation: int, number: int) -> None:
        super().deny(connection, thread, conversation, number)
        record = self.records.get(thread)
        if record is not None and connection in record.members:
            for at, approved in enumerate(record.approved):
                if approved.number == number:
                    record.approved[at] = approved._replace(granted=False)


DENIES = (ServerFault(FaultKind.DENIES, 3),)

DEFECTS = (
    Defect(RefusalApproves, wrong_delivery(Wrong.MISHEARD), program(*BOTH, ASKING, faults=DENIES)),
    Defect(
        RefusalIsLost,
        wrong_delivery(Wrong.APPROVAL_LOST),
        program(*BOTH, ASKING, faults=DENIES),
        also=(wrong_delivery(Wrong.MISHEARD),),
    ),
    Defect(LastAnswerCounts, wrong_delivery(Wrong.MISHEARD), program(*BOTH, ASKING, faults=DENIES)),
    Defect(AsksNobody, wrong_delivery(Wrong.NOT_ASKED), program(*RESUMED, ASKING)),
    Defect(
        AsksTheFirstOnly,
        wrong_delivery(Wrong.NOT_ASKED),
        program(*BOTH, ASKING, Close(1)),
        slow=("+c1 approves v1",),
        also=(wrong_delivery(Wrong.SETTLED_OTHER),),
    ),
    Defect(
        ResumeIsNotAsked,
        wrong_delivery(Wrong.NOT_ASKED),
        program(A, B, Resume(1, 1), ASKING, Resume(2, 1), Close(1)),
        slow=("+c1 approves v1",),
        also=(wrong_delivery(Wrong.SETTLED_OTHER),),
    ),
    Defect(AsksTwice, wrong_delivery(Wrong.ASKED_AGAIN), program(*RESUMED, ASKING)),
    Defect(
        AsksEverybody, wrong_delivery(Wrong.ASKED_OTHER), program(A, B, Resume(1, 1), ASKING), also=(wrong_delivery(Wrong.SETTLED_OTHER),)
    ),
    Defect(IgnoresApprovals, wrong_delivery(Wrong.APPROVAL_LOST), program(*RESUMED, ASKING)),
    Defect(KeepsApprovals, wrong_delivery(Wrong.APPROVAL_LOST), program(*RESUMED, ASKING)),
    Defect(
        ApprovesByItself, wrong_delivery(Wrong.APPROVED_BY_NOBODY), program(*RESUMED, ASKING), also=(wrong_delivery(Wrong.NOT_SETTLED),)
    ),
    Defect(TellsNobodyItIsSettled, wrong_delivery(Wrong.NOT_SETTLED), program(*BOTH, ASKING)),
    Defect(SettledToAll, wrong_delivery(Wrong.SETTLED_OTHER), program(A, B, Resume(1, 1), ASKING)),
)
