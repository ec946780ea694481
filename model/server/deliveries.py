"""The rules of delivery (P4, P8, P10): a monitor of one run, told in order of the events taken and the messages sent.

The events of a conversation are numbered without gaps, and a listener *takes* them one by one. From the answer that confirms its
subscription on, a client is owed every event that is taken, once, in order, in the form it asked for, until it asks for the end of the
subscription, goes away, or the thread is unloaded. From the answer to an unsubscribe on, it is owed nothing and must be sent nothing,
until it asks to subscribe again.
"""

from enum import Enum
from typing import NamedTuple

from subwarden.model.server.requests import EngineEvent, EventKind

Pair = tuple[int, int]  # (thread, connection)


class Wrong(Enum):
    """The ways in which a delivery can be wrong."""

    AFTER_END = "an event is sent after unsubscribe was answered"
    TWICE = "an event is sent twice, or after a later one"
    LOST = "a subscriber is not sent an event"
    FOREIGN_HISTORY = "the history in an answer is not the conversation's"
    RAW_FORCED = "a raw event is sent to a subscriber that did not ask for it"
    RAW_LOST = "a subscriber that asked for raw events is sent another form"
    STRANGER = "an event is sent to a client that never asked for the thread"
    UNSUBSCRIBED = "an event is sent to a client that was not subscribed when it was taken, nor since"
    FORMER = "an event is sent that was meant for a former subscription of the client"
    IN_ANSWER = "an event is sent again that the history in an answer has"
    NOT_ASKED = "a subscriber is not asked for an open approval"
    ASKED_AGAIN = "a client is asked twice for an approval"
    ASKED_OTHER = "a client is asked for an approval of a thread that it did not subscribe to"
    APPROVAL_LOST = "an approval that a client gave does not reach the engine"
    APPROVED_BY_NOBODY = "the engine hears of an approval that no client was asked for"
    NOT_GIVEN = "the engine hears of an approval that no subscriber gave"
    MISHEARD = "the engine hears another answer to an approval than its clients gave"
    NOT_SETTLED = "a client that was asked is not told that the approval is settled"
    SETTLED_OTHER = "a client is told that an approval is settled, again or without having been asked"
    NOT_STARTED = "a client is not told that a thread was started"
    STARTED_AGAIN = "a client is told that a thread was started, again or falsely"
    NOT_CLOSED = "a client is not told that a thread was closed"
    CLOSED_AGAIN = "a client is told that a thread was closed, again or falsely"


class Owed(NamedTuple):
    """An event that a client has not been sent yet."""

    conversation: int
    number: int


class Deliveries:
    """See above. Methods are called as things happen; those that judge return the fault, or None."""

    def __init__(self) -> None:
        self._subscribed: set[Pair] = set()
        self._barred: set[Pair] = set()
        self._owed: dict[Pair, list[Owed]] = {}
        self._wanted: set[Pair] = set()  # pairs whose client ever asked for the thread
        self._last: dict[tuple[int, int], int] = {}  # (connection, conversation) -> number of the last event sent
        self._in_answer: dict[tuple[int, int], int] = {}  # the same -> number of the last event that the history in an answer has
        self._history: dict[int, int] = {}  # conversation -> number of the last event taken that belongs to a turn
        self._open: dict[int, int] = {}  # conversation -> number of the last event of its open turn that was taken
        self._raw: dict[Pair, list[tuple[int, frozenset[bool]]]] = {}  # the forms that a client may have asked for, and since which event
        self._taken_at: dict[Owed, int] = {}  # how many events had been taken before
        self._moment = 0  # counts events taken, and beginnings and ends of subscriptions
        self._linked: dict[Pair, int] = {}  # pairs that show as subscribed, and since which moment
        self._unlinked: dict[Pair, int] = {}  # the moment at which the pair's last subscription ended
        self._meant_for: dict[Owed, tuple[int, frozenset[Pair]]] = {}  # the moment at which it was taken, and the subscribers then
        self.taken_last: dict[int, int] = {}  # conversation -> number of the last event taken
        self.lost: list[Owed] = []  # the events that the last LOST was about

    # --- subscriptions

    def wants(self, pair: Pair) -> None:
        """The client asks to be subscribed."""
        self._barred.discard(pair)
        self._wanted.add(pair)

    def begins(self, pair: Pair) -> None:
        """An answer has told the client that it is subscribed."""
        self._subscribed.add(pair)
        if pair not in self._linked:  # it is told before it shows
            self.linked(pair)

    def has_history(self, connection: int, conversation: int) -> None:
        """An answer has told the client the conversation's turns so far."""
        self._in_answer[connection, conversation] = self._history.get(conversation, 0)

    def subscribers(self, thread: int) -> set[int]:
        """The clients that know that they are subscribed to the thread."""
        return {client for of, client in self._subscribed if of == thread}

    def knows(self, pair: Pair) -> bool:
        """Whether the client was told that it is subscribed, and nothing has ended that since."""
        return pair in self._subscribed

    def wants_end(self, pair: Pair) -> None:
        """The client asks for the end of its subscription: it is owed nothing more, and may still be sent events."""
        self._forget(pair)

    def ends(self, pair: Pair) -> None:
        """An answer has told the client that it is not subscribed, and no request of its own since asks for a subscription."""
        self._forget(pair)
        self._barred.add(pair)

    def unloaded(self, thread: int) -> None:
        """The thread is unloaded or closing: its clients are owed nothing more."""
        for pair in [pair for pair in self._subscribed | self._owed.keys() if pair[0] == thread]:
            self._forget(pair)

    def gone(self, connection: int) -> None:
        """The client has gone away."""
        for pair in [pair for pair in self._subscribed | self._owed.keys() if pair[1] == connection]:
            self._forget(pair)

    def _forget(self, pair: Pair) -> None:
        self._subscribed.discard(pair)
        self._owed.pop(pair, None)

    def linked(self, pair: Pair) -> None:
        """The client shows as subscribed."""
        self._moment += 1
        self._linked.setdefault(pair, self._moment)

    def unlinked(self, pair: Pair) -> None:
        """It does not any more."""
        self._moment += 1
        self._unlinked[pair] = self._moment
        self._linked.pop(pair, None)

    def _of_no_subscription(self, pair: Pair, event: Owed) -> Wrong | None:
        """The fault of an event that was not meant for the client's present subscription. A server may choose the recipients of an event
        later than it takes it: then a subscription that has begun since is as right."""
        taken, meant = self._meant_for.get(event, (0, frozenset()))
        if pair in meant:
            return Wrong.FORMER if self._linked.get(pair, 0) > taken else None
        since = pair in self._linked or self._unlinked.get(pair, 0) > taken
        return None if since else Wrong.UNSUBSCRIBED

    # --- raw events

    def may_be_raw(self, pair: Pair, choices: frozenset[bool]) -> None:
        """The forms of an event that are right for the client from now on; more than one while its choice is changing."""
        self._raw.setdefault(pair, [(0, frozenset((False,)))]).append((len(self._taken_at), choices))

    # --- events

    def taken(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """A listener has taken `event`."""
        self.taken_last[conversation] = event.number
        if event.kind is not EventKind.ROLLED_BACK:
            self._history[conversation] = event.number
        owed = Owed(conversation, event.number)
        self._taken_at[owed] = len(self._taken_at)
        self._moment += 1
        self._meant_for[owed] = self._moment, frozenset(pair for pair in self._linked if pair[0] == thread)
        if event.kind in (EventKind.TURN_COMPLETE, EventKind.TURN_ABORTED):
            self._open.pop(conversation, None)
        elif event.kind is EventKind.TURN_STARTED or (conversation in self._open and event.kind is not EventKind.ROLLED_BACK):
            self._open[conversation] = event.number
        for pair in sorted(self._subscribed):
            if pair[0] == thread:
                self._owed.setdefault(pair, []).append(owed)

    def owes(self, pair: Pair, conversation: int, number: int) -> bool:
        """Whether the client must still be sent the event."""
        return (conversation, number) in self._owed.get(pair, ())

    def sent(self, pair: Pair, conversation: int, number: int, *, raw: bool) -> Wrong | None:
        """The client is sent an event."""
        if pair in self._barred or pair not in self._wanted:
            return Wrong.AFTER_END if pair in self._barred else Wrong.STRANGER
        last = self._last.get((pair[1], conversation), 0)
        event = Owed(conversation, number)
        wrong = self._is_again(pair, event, last) or self._of_no_subscription(pair, event)
        if wrong is not None:
            return wrong
        self._last[pair[1], conversation] = number
        owed = self._owed.get(pair, [])
        lost = [o for o in owed if o.conversation == conversation and o.number < number]
        self._owed[pair] = [o for o in owed if o.conversation != conversation or o.number > number]
        if lost:
            self.lost = lost
            return Wrong.LOST
        if raw not in self._right_forms(pair, event):
            return Wrong.RAW_FORCED if raw else Wrong.RAW_LOST
        return None

    def _is_again(self, pair: Pair, event: Owed, last: int) -> Wrong | None:
        """The fault of an event that the client has; None: it does not have it."""
        if event.number <= last:
            return Wrong.TWICE
        in_answer = event.number <= self._in_answer.get((pair[1], event.conversation), 0)
        return Wrong.IN_ANSWER if in_answer and event not in self._owed.get(pair, []) else None

    def _right_forms(self, pair: Pair, event: Owed) -> set[bool]:
        """The forms that were right at some moment since the event was taken."""
        at = self._taken_at.get(event, 0)
        said = self._raw.get(pair, [(0, frozenset((False,)))])
        return {form for place, (_, forms) in enumerate(said) for form in forms if place + 1 == len(said) or said[place + 1][0] > at}

    def asked(self, pair: Pair) -> Wrong | None:
        """The client is asked for an approval."""
        return Wrong.AFTER_END if pair in self._barred else None

    def told(self, conversation: int, open_turn: int | None) -> Wrong | None:
        """The history in the answer to a resume has an open turn up to event `open_turn`; None: no turn is open."""
        return None if self._open.get(conversation) == open_turn else Wrong.FOREIGN_HISTORY

    def missing(self) -> tuple[Pair, list[Owed]] | None:
        """At quiescence: the first client with events that it is owed and was not sent, and those events; None: there is none."""
        return min(((pair, owed) for pair, owed in self._owed.items() if owed), default=None)
