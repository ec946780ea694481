"""Defects of P3, P4, P5, P9 and P10: listeners that run too long, too often or not at all, and wrong messages of theirs."""

from collections.abc import Callable, Coroutine
from typing import Any

from subwarden.checking import causes
from subwarden.impl.manager.manager import Entry, Manager
from subwarden.impl.manager.owned_state import OwnedThreadState
from subwarden.impl.server.engine import EngineConversation
from subwarden.impl.server.outbox import always
from subwarden.impl.server.owned_threads import Bringing
from subwarden.impl.server.owning_listener import OwningListener
from subwarden.impl.server.owning_server import OwningServer
from subwarden.impl.server.select import first_ready
from subwarden.model.manager.operations import TurnEvent
from subwarden.model.server.deliveries import Wrong
from subwarden.model.server.requests import AddListener, Close, Message, Notice, Resume, TurnStart, Unsubscribe
from subwarden.stateful_tests.specimens.server_defects.defect import RESUMED, TURN, A, B, Defect, OtherListener, program


class _Heard(OwningListener):
    """Looks at its record only when there is something to send or take."""

    async def run(self) -> None:
        while True:
            await first_ready(_Queue(self), self._record.conversation)
            if self._record.queue:
                await self._say()
            elif self._record.conversation.ready() and not self._record.closing:
                await self._next()
            else:
                await first_ready(_Queue(self))


class _Queue:
    """The record as a source that ignores its closing."""

    def __init__(self, listener: OwningListener) -> None:
        self._record = listener._record

    def ready(self) -> bool:
        return bool(self._record.queue)

    def arm(self, waiter: Any) -> None:
        self._record.arm(waiter)


class ListenerOutlivesRecord(OtherListener):
    """The listener does not learn that its thread is unloaded."""

    kind = _Heard


class TwoListeners(OwningServer):
    """A second listener runs beside the first."""

    def listen(self, work: Callable[[], Coroutine[Any, Any, None]], thread: int, conversation: EngineConversation):  # type: ignore[no-untyped-def]
        second = OwningListener(self, self.records[thread], self.manager.threads[thread].state)
        super().listen(second.run, thread, conversation)
        return super().listen(work, thread, conversation)


class EverythingTwice(OwningServer):
    """Every event is sent twice."""

    async def send(self, connection: int, message: Message, wanted: Callable[[], bool] = always) -> bool:
        if isinstance(message, Notice):
            await super().send(connection, message, wanted)
        return await super().send(connection, message, wanted)


class SlowClientsMissEvents(OwningServer):
    """An event for a client that has not read the one before is dropped."""

    async def send(self, connection: int, message: Message, wanted: Callable[[], bool] = always) -> bool:
        if isinstance(message, Notice) and len(self.outboxes[connection]):
            return False
        return await super().send(connection, message, wanted)


class _Idle(OwningListener):
    """Ends when no subscriber is left."""

    async def run(self) -> None:
        record = self._record
        while True:
            await first_ready(record, record.conversation)
            if record.queue:
                await self._say()
            elif record.closing or not record.members:
                return
            else:
                await self._next()


class NobodyListensForNobody(OtherListener):
    """The listener ends with its last subscriber, and the conversation goes on."""

    kind = _Idle


class LoadsTwice(OwningServer):
    """Two resumes of a thread that is not loaded load it twice."""

    async def _bring(self, thread: int, bringing: Bringing) -> bool:
        await self._adopt(thread, await bringing())
        return True


class _OneTurn(OwningListener):
    """Ends with the first turn."""

    async def run(self) -> None:
        record, turn = self._record, False
        while True:
            await first_ready(record, record.conversation)
            if record.queue:
                await self._say()
            elif record.closing:
                return
            else:
                await self._next()
                before, turn = turn, self._state.active_turn_snapshot() is not None
                if before and not turn:
                    return


class ListenerEndsWithTheTurn(OtherListener):
    """The listener ends with the first turn, and no other is started."""

    kind = _OneTurn


class Forgetful(OwnedThreadState):
    """Keeps no items."""

    def track_current_turn_event(self, event: TurnEvent, number: int = 1) -> None:
        if event is not TurnEvent.ITEM:
            super().track_current_turn_event(event, number)


class HistoryWithoutItems(Manager):
    """The history in the answer to a resume has only the turn's beginning."""

    def _entry(self, thread_id: int) -> Entry:
        known = thread_id in self.threads
        entry = super()._entry(thread_id)
        if not known:
            entry.state = Forgetful()
        return entry


class OneRawFlag(Manager):
    """If one client asks for raw events, all get them."""

    def raw_choices(self, thread_id: int) -> dict[int, bool]:
        choices = super().raw_choices(thread_id)
        return dict.fromkeys(choices, any(choices.values()))


class NobodyGetsRaw(Manager):
    """The choice of raw events is kept and ignored."""

    def raw_choices(self, thread_id: int) -> dict[int, bool]:
        return dict.fromkeys(super().raw_choices(thread_id), False)


RAW = program(A, B, Resume(1, 1), AddListener(2, 1, 1, True), TURN)

DEFECTS = (
    Defect(ListenerOutlivesRecord, causes.OUT_OF_REACH, program(*RESUMED, Unsubscribe(1, 1)), also=(causes.LEAKED_TASK,)),
    Defect(TwoListeners, causes.TWO_AT_ONCE, program(*RESUMED), also=(causes.LEAKED_TASK, causes.answered_twice("thread_resume"))),
    Defect(EverythingTwice, causes.wrong_delivery(Wrong.TWICE), program(*RESUMED, TURN)),
    Defect(SlowClientsMissEvents, causes.wrong_delivery(Wrong.LOST), program(*RESUMED, TURN)),
    Defect(NobodyListensForNobody, causes.BY_NOBODY, program(*RESUMED, TURN, Close(1))),
    Defect(
        LoadsTwice,
        causes.RELOADED,
        program(A, B, Resume(1, 1), Resume(2, 1)),
        also=(causes.UNASKED_UNLOAD, causes.OUT_OF_REACH, causes.LEAKED_TASK),
    ),
    Defect(ListenerEndsWithTheTurn, causes.UNSERVED, program(*RESUMED, TURN)),
    Defect(
        OwningServer,
        causes.wrong_delivery(Wrong.FOREIGN_HISTORY),
        program(A, B, Resume(1, 1), TurnStart(1, 1, True), Resume(2, 1)),
        HistoryWithoutItems,
    ),
    Defect(OwningServer, causes.wrong_delivery(Wrong.RAW_FORCED), RAW, OneRawFlag),
    Defect(OwningServer, causes.wrong_delivery(Wrong.RAW_LOST), RAW, NobodyGetsRaw),
)
