"""The rules of what the engine is told (P7, P8): a monitor of one run that follows each turn, interrupt and rollback to its conversation.

The engine is told of no more than clients have asked for: each submission has a request of its own, which had arrived and was not
answered, and whose answer does not deny it. It is told of every turn before its `turn/start` is answered OK. No two interrupts share a
submission. An interrupt that the engine was told of is answered OK when a listener has taken the end of the turn that was open or to come
then, or when the conversation is over; a rollback when a listener has taken its event. An interrupt may also be answered at a moment at
which no turn is open.

Submissions of one kind for one thread look alike. Each answer is given the oldest that was made since its request arrived: a later one
suits every other request at least as well.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass
from math import inf

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import EngineEvent, EventKind, Reply

Asked = rq.TurnStart | rq.TurnInterrupt | rq.Rollback
ASKS_FOR = (rq.TurnStart, rq.TurnInterrupt, rq.Rollback)  # requests that the engine hears of
TOLD = (Reply.OK, Reply.ENDED, Reply.CANCELLED)  # answers to requests that it may have heard of
TURN_ENDS = (EventKind.TURN_COMPLETE, EventKind.TURN_ABORTED)


@dataclass(slots=True)
class _Conversation:
    turns: int = 0  # that were submitted
    ended: int = 0  # of which the engine has reported the end
    ends_taken: int = 0  # and of which a listener has taken that
    rollbacks: int = 0  # that were submitted
    rollbacks_taken: int = 0
    over: bool = False

    def idle(self) -> bool:
        """No turn is open, and none is to come."""
        return self.over or self.ended >= self.turns


@dataclass(slots=True)
class _Made:
    """An interrupt that was submitted for turn `number`, or the rollback `number` of a conversation."""

    moment: int
    conversation: _Conversation
    interrupt: bool
    number: int
    used: bool = False  # an answer has it

    def ready(self) -> bool:
        """A listener knows of its end."""
        if self.interrupt:
            return self.conversation.over or self.conversation.ends_taken >= self.number
        return self.conversation.rollbacks_taken >= self.number


@dataclass(slots=True)
class _Wish:
    """A request that the engine may be told of, once, after the moment `arrived` and not after `until`."""

    number: int
    arrived: int
    until: float = inf

    def suits(self, moment: int) -> bool:
        """Whether the submission of that moment may be its own."""
        return self.arrived < moment <= self.until


@dataclass(slots=True)
class _Waiting:
    """An interrupt or a rollback that is not answered. `idle`: no turn was open at some moment since it arrived."""

    request: Asked
    arrived: int
    idle: bool
    gone: bool = False  # its client is


class Submissions:
    """See above."""

    def __init__(self) -> None:
        self._wishes: dict[Hashable, list[_Wish]] = {}  # by kind and thread
        self._made: dict[Hashable, list[int]] = {}  # the same: the moments of all submissions
        self._answered: Counter[Hashable] = Counter()  # with OK
        self._moment = 0
        self._conversations: dict[int, _Conversation] = {}
        self._present: dict[int, _Conversation] = {}  # of each thread, the last one that was told of something
        self._submissions: dict[Hashable, list[_Made]] = {}  # by kind and thread
        self._waiting: dict[int, _Waiting] = {}  # by number

    # --- what happens

    def asked(self, request: Asked, number: int = 0) -> None:
        """Request `number` arrives."""
        self._moment += 1
        self._wishes.setdefault(_key(request), []).append(_Wish(number, self._moment))
        if not isinstance(request, rq.TurnStart):
            known = self._present.get(request.thread)
            self._waiting[number] = _Waiting(request, self._moment, known is None or known.idle())

    def made(self, request: Asked, conversation: int = 1, turn: int = 0) -> bool:
        """A conversation is told of such a request; `turn` is open or to come. Whether a client has asked for that."""
        key = _key(request)
        self._moment += 1
        self._made.setdefault(key, []).append(self._moment)
        known = self._conversations.setdefault(conversation, _Conversation())
        self._present[request.thread] = known
        if isinstance(request, rq.TurnStart):
            known.turns = max(known.turns, turn)
        else:
            interrupt = isinstance(request, rq.TurnInterrupt)
            known.rollbacks += not interrupt
            of = turn if interrupt else known.rollbacks
            self._submissions.setdefault(key, []).append(_Made(self._moment, known, interrupt, of))
        return self._each_was_asked_for(key)

    def _each_was_asked_for(self, key: Hashable) -> bool:
        """Whether each submission can have a request of its own: in turn, of those that suit it, the one that was answered first."""
        free = sorted(self._wishes.get(key, ()), key=lambda wish: wish.until)
        for moment in self._made[key]:
            own = next((wish for wish in free if wish.suits(moment)), None)
            if own is None:
                return False
            free.remove(own)
        return True

    def emitted(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """The engine reports an event."""
        known = self._conversations.get(conversation)
        if known is not None and event.kind in TURN_ENDS:
            known.ended += 1
            self._is_idle(thread)

    def taken(self, conversation: int, event: EngineEvent) -> None:
        """A listener has taken an event."""
        known = self._conversations.get(conversation)
        if known is not None:
            known.ends_taken += event.kind in TURN_ENDS
            known.rollbacks_taken += event.kind is EventKind.ROLLED_BACK

    def over(self, thread: int) -> None:
        """The thread's conversation is unloaded, or will be, or has ended."""
        known = self._present.pop(thread, None)
        if known is not None:
            known.over = True
        self._is_idle(thread)

    def gone(self, connection: int) -> None:
        """A client has gone."""
        for waiting in self._waiting.values():
            waiting.gone |= waiting.request.connection == connection

    def _is_idle(self, thread: int) -> None:
        known = self._present.get(thread)
        if known is None or known.idle():
            for waiting in self._waiting.values():
                if waiting.request.thread == thread:
                    waiting.idle = True

    def told(self, number: int, excused: Collection[int] = ()) -> bool:
        """Whether request `number` is an interrupt or a rollback, not answered, that was submitted since it arrived. Each has a submission
        of its own: the latest request has the latest. One whose client has gone may have none, since nobody hears how it was answered; nor
        need those `excused` have one yet."""
        known = self._waiting.get(number)
        if known is None:
            return False
        left = [each.moment for each in self._submissions.get(_key(known.request), ()) if not each.used]
        without = {self._waiting[other].arrived for other in excused if other in self._waiting}
        for waiting in sorted(self._like(known), key=lambda each: each.arrived, reverse=True):
            own = bool(left) and left[-1] > waiting.arrived
            if waiting is known:
                return own
            if own and not waiting.gone and waiting.arrived not in without:
                left.pop()
        raise AssertionError("it is one of those like itself")

    def waited(self, number: int) -> bool:
        """Whether the engine was told of such an interrupt or rollback since request `number` arrived, with an event still to come."""
        waiting = self._waiting[number]
        return any(each.number and each.moment > waiting.arrived for each in self._submissions.get(_key(waiting.request), ()))

    # --- answers

    def answered(self, request: Asked, reply: Reply, number: int = 0) -> bool:
        """Request `number` was answered. Whether the engine was told before, if it must have been."""
        key = _key(request)
        wishes = self._wishes[key]
        wish = next(wish for wish in reversed(wishes) if wish.number == number)
        if reply not in TOLD:
            wishes.remove(wish)
        elif reply is not Reply.CANCELLED:  # another task may still do it
            wish.until = self._moment
        if not isinstance(request, rq.TurnStart) or reply is not Reply.OK:
            return True
        self._answered[key] += 1
        return len(self._made.get(key, ())) >= self._answered[key]

    def done(self, number: int, reply: Reply) -> bool:
        """Interrupt or rollback `number` was answered. Whether what it waits for has come, if the answer says so."""
        waiting = self._waiting.pop(number)
        made = [each for each in self._submissions.get(_key(waiting.request), ()) if each.moment > waiting.arrived]
        right = reply is not Reply.OK or self._has_come(waiting, made)
        if not any(True for _ in self._like(waiting)):
            self._submissions.pop(_key(waiting.request), None)
        return right

    def _has_come(self, waiting: _Waiting, made: list[_Made]) -> bool:
        own = next((each for each in made if each.ready() and not each.used), None)
        if own is not None:
            own.used = True
            return True
        if isinstance(waiting.request, rq.Rollback):
            return False
        # it may have been left to an idle moment, unless all were submitted
        return waiting.idle and sum(not each.ready() and not each.used for each in made) <= sum(1 for _ in self._like(waiting))

    def _like(self, waiting: _Waiting) -> Iterator[_Waiting]:
        """The requests that wait for the same."""
        return (each for each in self._waiting.values() if _key(each.request) == _key(waiting.request))

    def count(self, request: Asked) -> int:
        """How often the engine was told of such a request."""
        return len(self._made.get(_key(request), ()))


def _key(request: Asked) -> Hashable:
    """Equal for requests that the engine cannot tell apart."""
    return type(request), request.thread, getattr(request, "asks", False)
