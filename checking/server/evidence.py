"""The facts behind each cause that the judge of a server records: narrators and scripts read them, so nobody has to watch the judge.

Plain values, taken at the moment at which the cause was first seen. Requests are named as answers name them. A cause whose run shows
everything at its end (a listener that is missing, an entry that is left) needs none.
"""

from typing import NamedTuple

from subwarden.checking.causes import Cause
from subwarden.model.manager.projection import Shown
from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Message, Notice, Reply
from subwarden.model.server.state import Change, ServerState


class RefusedChange(NamedTuple):
    """The model does not allow `change` in `state`. `told`: the clients that are subscribed to its thread there and know it, each with the
    request whose answer said so."""

    change: Change
    state: ServerState
    told: tuple[tuple[int, str], ...]


class WrongMaps(NamedTuple):
    """An invariant of the maps does not hold in `shown`. `closed`: the connections whose client has gone."""

    shown: Shown
    closed: frozenset[int]


class WrongReply(NamedTuple):
    """`request` was answered `reply`. `allowed`: the replies that were right at some moment since it could begin."""

    request: str
    reply: Reply
    allowed: frozenset[Reply]


class WrongList(NamedTuple):
    """The answer to `request` lists the loaded threads wrongly. `allowed`: the lists that were right at some moment."""

    request: str
    allowed: frozenset[tuple[int, ...]]


class AnsweredEarly(NamedTuple):
    """`request` was confirmed, and the event that it waits for has not come."""

    request: str


class AnsweredTwice(NamedTuple):
    """`request` was answered again."""

    request: str


class Unanswered(NamedTuple):
    """`requests`: all that this cause is about, in the order of their arrival."""

    requests: tuple[str, ...]


class WaitedForStart(NamedTuple):
    """`requests`: those that were answered, but not before somebody's start; with the number of the step since which they waited."""

    requests: tuple[tuple[str, int], ...]


class NeverLinked(NamedTuple):
    """(thread, connection, the request whose answer said that it is subscribed) of each pair that never shows."""

    pairs: tuple[tuple[int, int, str | None], ...]


class SentAfter(NamedTuple):
    """A client is sent what the answer to `request` rules out: an event of `thread`, or that it was closed."""

    connection: int
    thread: int
    request: str | None


class LostEvents(NamedTuple):
    """A client that the answer to `request` made a subscriber was not sent the events `numbers` of a conversation. `at_rest`: nothing
    more will be sent; else a later event was."""

    connection: int
    conversation: int
    numbers: tuple[int, ...]
    request: str | None
    at_rest: bool


class WrongNotice(NamedTuple):
    """A client is sent an event again, after a later one, or in a form that it did not ask for."""

    connection: int
    notice: Notice


class WrongHistory(NamedTuple):
    """The answer to `request` has an open turn that is not the conversation's."""

    request: str
    conversation: int


class Unsent(NamedTuple):
    """A client was sent `message` fewer than `least` times."""

    connection: int
    message: Message
    least: int


class SentOften(NamedTuple):
    """A client was sent `message` more than `most` times."""

    connection: int
    message: Message
    most: int


class SentAgain(NamedTuple):
    """A client is sent an event that the answer to `request` has."""

    connection: int
    notice: Notice
    request: str | None


class StaysLoaded(NamedTuple):
    """A thread is loaded at the end."""

    thread: int
    conversation: int


class NotApproved(NamedTuple):
    """A conversation still waits for an approval that a client has given, or has one that none has given, apart from `strangers`, which
    had not been asked or were not subscribed."""

    conversation: int
    number: int
    strangers: tuple[int, ...] = ()


class Submitted(NamedTuple):
    """The engine heard of such a `request`, of connection 0, `made` times: less or more often than clients had asked for; or, if it is
    `misdirected`, in a conversation that was not the thread's."""

    request: rq.TurnStart | rq.TurnInterrupt | rq.Rollback
    made: int
    misdirected: bool = False


Evidence = (
    RefusedChange
    | WrongMaps
    | WrongReply
    | WrongList
    | AnsweredEarly
    | AnsweredTwice
    | Unanswered
    | WaitedForStart
    | NeverLinked
    | SentAfter
    | LostEvents
    | WrongNotice
    | WrongHistory
    | Unsent
    | SentOften
    | SentAgain
    | StaysLoaded
    | NotApproved
    | Submitted
)


class Found(NamedTuple):
    """A cause, the numbers that it is about in words, and its evidence."""

    cause: Cause
    detail: str = ""
    evidence: Evidence | None = None
