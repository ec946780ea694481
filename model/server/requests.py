"""The vocabulary of level server: requests, one value type each, and messages to clients.

A request says nothing about the moment at which it takes effect (see `model.server.transitions`). A request that creates a thread carries
the thread's number, so that a run can be written down before it is played.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, NamedTuple

from subwarden.model import as_data


@dataclass(frozen=True, slots=True)
class Initialize:
    connection: int
    name: ClassVar[str] = "initialize"


@dataclass(frozen=True, slots=True)
class Close:
    """The connection goes away: from that moment nothing can be sent to it, so a close is never answered."""

    connection: int
    name: ClassVar[str] = "close"


@dataclass(frozen=True, slots=True)
class Start:
    """Start a new conversation, which will be `thread`, and subscribe to it."""

    connection: int
    thread: int
    raw: bool
    name: ClassVar[str] = "thread_start"


@dataclass(frozen=True, slots=True)
class Resume:
    """Subscribe to a thread, loading it from the store where it is not loaded; answered with the open turn so far."""

    connection: int
    thread: int
    name: ClassVar[str] = "thread_resume"


@dataclass(frozen=True, slots=True)
class Fork:
    """Start a new conversation, which will be `fork`, with the history of `thread`, and subscribe to it."""

    connection: int
    thread: int
    fork: int
    name: ClassVar[str] = "thread_fork"


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """End the subscription; the last one to do so has the thread unloaded."""

    connection: int
    thread: int
    name: ClassVar[str] = "thread_unsubscribe"


@dataclass(frozen=True, slots=True)
class Archive:
    """Unload the thread, whoever is subscribed, and take it out of the store."""

    connection: int
    thread: int
    name: ClassVar[str] = "thread_archive"


@dataclass(frozen=True, slots=True)
class ListLoaded:
    connection: int
    name: ClassVar[str] = "thread_loaded_list"


@dataclass(frozen=True, slots=True)
class TurnStart:
    """`asks`: the engine will ask for an approval in the middle of the turn."""

    connection: int
    thread: int
    asks: bool
    name: ClassVar[str] = "turn_start"


@dataclass(frozen=True, slots=True)
class TurnInterrupt:
    """Answered when no turn is open any more."""

    connection: int
    thread: int
    name: ClassVar[str] = "turn_interrupt"


@dataclass(frozen=True, slots=True)
class Rollback:
    """Take the last turn back; one at a time for each thread, answered when the engine has done it."""

    connection: int
    thread: int
    name: ClassVar[str] = "thread_rollback"


@dataclass(frozen=True, slots=True)
class AddListener:
    """The old way to subscribe: under an explicit id."""

    connection: int
    subscription: int
    thread: int
    raw: bool
    name: ClassVar[str] = "add_listener"


@dataclass(frozen=True, slots=True)
class RemoveListener:
    connection: int
    subscription: int
    name: ClassVar[str] = "remove_listener"


Request = (
    Initialize
    | Close
    | Start
    | Resume
    | Fork
    | Unsubscribe
    | Archive
    | ListLoaded
    | TurnStart
    | TurnInterrupt
    | Rollback
    | AddListener
    | RemoveListener
)
REQUESTS: tuple[type[Request], ...] = Request.__args__
BY_NAME: Mapping[str, type[Request]] = {kind.name: kind for kind in REQUESTS}
SUBSCRIBES = (Start, Resume, Fork, AddListener)
ENDS = (Unsubscribe, RemoveListener)  # each may end one subscription, or one id
ASKS_ENGINE = (Start, Resume, Fork)  # may have to wait for a conversation to be started or loaded


class Reply(Enum):
    """The result in an answer, without the data that may come with it."""

    OK = "ok"
    NOT_LOADED = "not loaded"
    NOT_SUBSCRIBED = "not subscribed"
    NOT_FOUND = "not found"
    CLOSING = "is closing"  # and can be resumed when it has closed
    BUSY = "busy"  # a rollback is already under way; the id belongs to another connection
    FAILED = "failed"  # the engine could not do it
    ENDED = "ended meanwhile"  # the thread, or the subscription
    CANCELLED = "cancelled"  # it may have happened or not
    UNINITIALIZED = "not initialized"


UNSUBSCRIBED = (
    Reply.OK,
    Reply.NOT_SUBSCRIBED,
    Reply.NOT_LOADED,
)  # answers to an unsubscribe by which the client is not subscribed


class AnswerSent(NamedTuple):
    """The answer to request number `request`. `open_turn`: for a resume, the number of the last event of the open turn that the history
    in the answer has, None where no turn is open. `threads`: for a list."""

    request: int | str
    reply: Reply
    open_turn: int | None = None
    threads: tuple[int, ...] | None = None


class EventKind(Enum):
    """The kinds of events that an engine reports of a conversation."""

    TURN_STARTED = "turn started"
    ITEM = "item"
    APPROVAL = "approval asked"  # the turn waits until a client answers
    TURN_COMPLETE = "turn complete"
    TURN_ABORTED = "turn aborted"
    ROLLED_BACK = "rolled back"


class EngineEvent(NamedTuple):
    """The engine's event `number` (from 1, without gaps) of a conversation."""

    kind: EventKind
    number: int


class Notice(NamedTuple):
    """An event as a subscriber receives it. `raw`: in the raw form, which is for subscribers that asked for it."""

    thread: int
    conversation: int
    event: EngineEvent
    raw: bool


class Asks(NamedTuple):
    """A request of the server to a client: give the approval that event `number` asks for. The client need not answer."""

    thread: int
    conversation: int
    number: int


class Resolved(NamedTuple):
    """The approval that event `number` asked for is settled: clients need not answer any more."""

    thread: int
    conversation: int
    number: int


class Started(NamedTuple):
    """Sent to every live connection: a thread was started."""

    thread: int


class Closed(NamedTuple):
    """Sent to every live connection: a thread was unloaded."""

    thread: int


Message = AnswerSent | Notice | Asks | Resolved | Started | Closed


def encode(request: Request) -> list[object]:
    """A request as plain data: its name, then its arguments in order."""
    return as_data.encode(request)


def decode(data: object) -> Request:
    """The request that `encode` wrote. Raises ValueError, with the fault in its message, for anything else."""
    request: Request = as_data.decode(data, BY_NAME, "request", as_data.annotated)
    return request
