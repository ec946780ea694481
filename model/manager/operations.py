"""The operations of the manager level, one value type each, with the names of the manager's methods.

An operation is a caller's request; it does not say when it takes effect (see `model.manager.step`). The `State*` operations act on the
thread state that an earlier operation of the same task returned (its *handle*).

Connections, threads, subscription ids and conversations are small integers: no hash order and no address can reach a decision.
"""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from subwarden.model import as_data


class TurnEvent(Enum):
    """An event of a turn, as the conversation's engine reports it."""

    TURN_STARTED = "turn_started"
    ITEM = "item"
    TURN_COMPLETE = "turn_complete"


@dataclass(frozen=True, slots=True)
class ConnectionInitialized:
    connection: int
    name: ClassVar[str] = "connection_initialized"


@dataclass(frozen=True, slots=True)
class RemoveConnection:
    connection: int
    name: ClassVar[str] = "remove_connection"


@dataclass(frozen=True, slots=True)
class SubscribedConnectionIds:
    thread: int
    name: ClassVar[str] = "subscribed_connection_ids"


@dataclass(frozen=True, slots=True)
class HasSubscribers:
    thread: int
    name: ClassVar[str] = "has_subscribers"


@dataclass(frozen=True, slots=True)
class ThreadState:
    thread: int
    name: ClassVar[str] = "thread_state"


@dataclass(frozen=True, slots=True)
class TryEnsureConnectionSubscribed:
    thread: int
    connection: int
    raw: bool
    name: ClassVar[str] = "try_ensure_connection_subscribed"


@dataclass(frozen=True, slots=True)
class TryAddConnectionToThread:
    thread: int
    connection: int
    name: ClassVar[str] = "try_add_connection_to_thread"


@dataclass(frozen=True, slots=True)
class SetListener:
    subscription: int
    thread: int
    connection: int
    raw: bool
    name: ClassVar[str] = "set_listener"


@dataclass(frozen=True, slots=True)
class RemoveListener:
    subscription: int
    name: ClassVar[str] = "remove_listener"


@dataclass(frozen=True, slots=True)
class UnsubscribeConnectionFromThread:
    thread: int
    connection: int
    name: ClassVar[str] = "unsubscribe_connection_from_thread"


@dataclass(frozen=True, slots=True)
class RemoveThreadState:
    thread: int
    name: ClassVar[str] = "remove_thread_state"


@dataclass(frozen=True, slots=True)
class StateSetListener:
    conversation: int
    name: ClassVar[str] = "state_set_listener"


@dataclass(frozen=True, slots=True)
class StateClearListener:
    name: ClassVar[str] = "state_clear_listener"


@dataclass(frozen=True, slots=True)
class StateListenerMatches:
    conversation: int
    name: ClassVar[str] = "state_listener_matches"


@dataclass(frozen=True, slots=True)
class StateTrackEvent:
    event: TurnEvent
    name: ClassVar[str] = "state_track_event"


@dataclass(frozen=True, slots=True)
class HoldState:
    """The caller keeps the state's lock T while it waits for something outside, as a listener does while it sends."""

    name: ClassVar[str] = "hold_state"


ManagerOperation = (
    ConnectionInitialized
    | RemoveConnection
    | SubscribedConnectionIds
    | HasSubscribers
    | ThreadState
    | TryEnsureConnectionSubscribed
    | TryAddConnectionToThread
    | SetListener
    | RemoveListener
    | UnsubscribeConnectionFromThread
    | RemoveThreadState
)
StateOperation = StateSetListener | StateClearListener | StateListenerMatches | StateTrackEvent | HoldState
Operation = ManagerOperation | StateOperation

MANAGER_OPERATIONS: tuple[type[ManagerOperation], ...] = ManagerOperation.__args__
STATE_OPERATIONS: tuple[type[StateOperation], ...] = StateOperation.__args__
OPERATIONS: tuple[type[Operation], ...] = MANAGER_OPERATIONS + STATE_OPERATIONS
BY_NAME: dict[str, type[Operation]] = {kind.name: kind for kind in OPERATIONS}

CREATES_ENTRY = (ThreadState, TryEnsureConnectionSubscribed, TryAddConnectionToThread, SetListener)
RETURNS_STATE = (ThreadState, TryEnsureConnectionSubscribed, SetListener)


def encode(operation: Operation) -> list[object]:
    """Write an operation as plain data: its name, then its arguments in order."""
    return as_data.encode(operation)


def decode(data: object) -> Operation:
    """Read back the result of `encode`. Raises ValueError, with the reason, for any other data."""
    operation: Operation = as_data.decode(data, BY_NAME, "operation", as_data.annotated)
    return operation
