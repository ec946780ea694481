"""A transcript: the messages to clients and the events that listeners took, in order. Scripts read it to assert what went wrong.

It refuses to judge.
"""

from typing import NamedTuple

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import AnswerSent, EngineEvent, EventKind, Message, Notice, Reply, Request


class Taken(NamedTuple):
    """A listener took an event of a conversation; `sent` messages had been sent by then."""

    conversation: int
    event: EngineEvent
    sent: int


class Transcript:
    """The transcript of one run. An `impl.server.environment.Observer`."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, Message]] = []  # with the connection
        self.events: list[Taken] = []
        self.submissions: list[Request] = []  # the requests that the engine heard of, of connection 0
        self.given: list[tuple[int, int, int, int]] = []  # connection, conversation, event of each that a client gave; approvals by then
        self.approvals: list[tuple[int, int, int]] = []  # conversation and event of each that the engine heard of; messages sent by then

    # --- what happens

    def delivered(self, connection: int, message: Message) -> None:
        """See `Observer`."""
        self.sent.append((connection, message))

    def taken(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """See `Observer`."""
        self.events.append(Taken(conversation, event, len(self.sent)))

    def brought(self, thread: int, conversation: int | None) -> None:
        """See `Observer`. Not kept, like those that follow."""

    def archived(self, thread: int) -> None:
        """See `Observer`."""

    def emitted(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """See `Observer`."""

    def lost(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """See `Observer`."""

    def stopped(self, connections: list[int]) -> None:
        """See `Observer`."""

    def reads(self, connection: int) -> None:
        """See `Observer`."""

    def deaf(self, connection: int) -> None:
        """See `Observer`."""

    def dropped(self, connection: int) -> None:
        """See `Observer`."""

    def died(self, thread: int, conversation: int) -> None:
        """See `Observer`."""

    def submitted(self, request: rq.TurnStart | rq.TurnInterrupt | rq.Rollback, conversation: int, turn: int) -> None:
        """See `Observer`. Kept: a script asserts what the engine has heard of."""
        self.submissions.append(request)

    def refused(self, thread: int) -> None:
        """See `Observer`."""

    def approves(self, connection: int, thread: int, conversation: int, number: int, granted: bool) -> None:
        """See `Observer`. Kept, too."""
        self.given.append((connection, conversation, number, len(self.approvals)))

    def approved(self, thread: int, conversation: int, number: int, granted: bool) -> None:
        """See `Observer`. Kept as well."""
        self.approvals.append((conversation, number, len(self.sent)))

    # --- questions

    def copy(self) -> "Transcript":
        """A copy as of now."""
        copied = Transcript()
        copied.sent, copied.events = self.sent.copy(), self.events.copy()
        copied.submissions, copied.approvals, copied.given = self.submissions.copy(), self.approvals.copy(), self.given.copy()
        return copied

    def answers(self, request: str) -> list[AnswerSent]:
        """All answers to a request: exactly one, if all is well."""
        return [message for _, message in self.sent if isinstance(message, AnswerSent) and message.request == request]

    def answered_ok(self, request: str) -> bool:
        """Whether a request was answered OK."""
        return any(answer.reply is Reply.OK for answer in self.answers(request))

    def times(self, connection: int, message: Message) -> int:
        """How often a client was sent `message`. Messages of two kinds with the same numbers are equal as tuples."""
        return sum(to == connection and type(sent) is type(message) and sent == message for to, sent in self.sent)

    def after_answer(self, connection: int, request: str) -> list[Message]:
        """The messages to a client after the answer to its request; none, if that was not answered."""
        at = self._answered_at(request)
        return [] if at is None else [message for to, message in self.sent[at + 1 :] if to == connection]

    def notices(self, connection: int, conversation: int) -> list[Notice]:
        """The notices of a conversation's events to a client."""
        return [m for to, m in self.sent if to == connection and isinstance(m, Notice) and m.conversation == conversation]

    def taken_after(self, conversation: int, request: str) -> list[int]:
        """The numbers of the events of a conversation that were taken after a request was answered."""
        at = self._answered_at(request)
        return [] if at is None else [taken.event.number for taken in self.events if taken.conversation == conversation and taken.sent > at]

    def open_turn(self, conversation: int, request: str) -> int | None:
        """The number of the last event of the conversation's open turn when a request was answered. None: no turn was open."""
        at = self._answered_at(request)
        last: int | None = None
        for of, event, sent in self.events:
            if of != conversation or at is None or sent > at:
                continue
            if event.kind in (EventKind.TURN_COMPLETE, EventKind.TURN_ABORTED):
                last = None
            elif event.kind is EventKind.TURN_STARTED or (last is not None and event.kind is not EventKind.ROLLED_BACK):
                last = event.number
        return last

    def _answered_at(self, request: str) -> int | None:
        return next((at for at, (_, m) in enumerate(self.sent) if isinstance(m, AnswerSent) and m.request == request), None)
