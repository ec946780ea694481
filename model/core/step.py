"""The core model: the operations that all subscription managers share.

Connections come and go, subscribe to topics and unsubscribe; a message published to a topic reaches the topic's subscribers of that
moment; a topic can be torn down. Each operation takes effect once, in one atomic step, between its call and its return.

It has no explicit ids, raw flags, listeners or incarnations: a manager that has more than the core brings a model of its own (ours is
`model.manager.step`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

from subwarden.model import as_data

Id = int | str  # connections and topics keep the names that their server's log gives them


@dataclass(frozen=True, slots=True)
class Connect:
    connection: Id
    name: ClassVar[str] = "connect"


@dataclass(frozen=True, slots=True)
class Subscribe:
    connection: Id
    topic: Id
    name: ClassVar[str] = "subscribe"


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    connection: Id
    topic: Id
    name: ClassVar[str] = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Publish:
    topic: Id
    name: ClassVar[str] = "publish"


@dataclass(frozen=True, slots=True)
class Disconnect:
    connection: Id
    name: ClassVar[str] = "disconnect"


@dataclass(frozen=True, slots=True)
class Teardown:
    topic: Id
    name: ClassVar[str] = "teardown"


CoreOperation = Connect | Subscribe | Unsubscribe | Publish | Disconnect | Teardown
CORE_OPERATIONS: tuple[type[CoreOperation], ...] = CoreOperation.__args__
CORE_BY_NAME: dict[str, type[CoreOperation]] = {kind.name: kind for kind in CORE_OPERATIONS}


@dataclass(frozen=True, slots=True)
class CoreState:
    """The complete state at one moment. `closed` remembers closed connections: a close is final (P2), unless ids are used again
    (`final` is False)."""

    live: frozenset[Id] = frozenset()
    closed: frozenset[Id] = frozenset()
    links: frozenset[tuple[Id, Id]] = frozenset()  # (topic, connection)
    final: bool = True

    def subscribers(self, topic: Id) -> tuple[Id, ...]:
        """The connections subscribed to `topic`, in the order of `in_order`."""
        return in_order(c for t, c in self.links if t == topic)


class CoreOutcome(NamedTuple):
    """The result of an operation: the next state, the caller's answer, and the kind of transition (for coverage)."""

    state: CoreState
    answer: object
    kind: str


def in_order(ids: Any) -> tuple[Id, ...]:
    """Sort ids, numbers before texts: Python does not compare the two."""
    return tuple(sorted(ids, key=lambda i: (isinstance(i, str), i)))


def core_encode(operation: CoreOperation) -> list[object]:
    """Write an operation as plain data: its name, then its arguments in order."""
    return as_data.encode(operation)


def core_decode(data: object) -> CoreOperation:
    """Read back the result of `core_encode`. Raises ValueError, with the reason, for any other data."""
    operation: CoreOperation = as_data.decode(data, CORE_BY_NAME, "operation", _id)
    return operation


def _id(_kind: type, _slot: str, value: object) -> object:
    if type(value) not in (int, str):
        raise ValueError(f"{value!r} is not an id: a whole number or a text")
    return value


def core_step(state: CoreState, operation: CoreOperation) -> CoreOutcome:
    """The result of letting `operation` take effect on `state`. Pure: `state` is unchanged."""
    outcome: CoreOutcome = CORE_TRANSITIONS[type(operation)](state, operation)
    return outcome


def _connect(state: CoreState, o: Connect) -> CoreOutcome:
    if o.connection in state.closed:  # P2: an id names one connection, and its close is final
        return CoreOutcome(state, None, "connect: after its close")
    if o.connection in state.live:
        return CoreOutcome(state, None, "connect: again")
    return CoreOutcome(replace(state, live=state.live | {o.connection}), None, "connect: becomes live")


def _subscribe(state: CoreState, o: Subscribe) -> CoreOutcome:
    if o.connection not in state.live:  # P2
        return CoreOutcome(state, False, "subscribe: not live")
    pair = (o.topic, o.connection)
    if pair in state.links:
        return CoreOutcome(state, True, "subscribe: again")
    return CoreOutcome(replace(state, links=state.links | {pair}), True, "subscribe: linked")


def _unsubscribe(state: CoreState, o: Unsubscribe) -> CoreOutcome:
    pair = (o.topic, o.connection)
    if pair not in state.links:
        return CoreOutcome(state, False, "unsubscribe: not linked")
    return CoreOutcome(replace(state, links=state.links - {pair}), True, "unsubscribe: unlinked")


def _publish(state: CoreState, o: Publish) -> CoreOutcome:
    found = state.subscribers(o.topic)
    return CoreOutcome(state, found, f"publish: {'delivered' if found else 'to nobody'}")


def _disconnect(state: CoreState, o: Disconnect) -> CoreOutcome:
    if o.connection in state.closed:  # idempotent
        return CoreOutcome(state, None, "disconnect: again")
    links = frozenset(pair for pair in state.links if pair[1] != o.connection)
    kind = "last word" if o.connection in state.live else "not live"
    closed = state.closed | {o.connection} if state.final else state.closed
    after = CoreState(state.live - {o.connection}, closed, links if len(links) < len(state.links) else state.links, state.final)
    return CoreOutcome(after, None, f"disconnect: {kind}")


def _teardown(state: CoreState, o: Teardown) -> CoreOutcome:
    links = frozenset(pair for pair in state.links if pair[0] != o.topic)
    if len(links) == len(state.links):
        return CoreOutcome(state, None, "teardown: no subscribers")
    return CoreOutcome(replace(state, links=links), None, "teardown: with subscribers")


CORE_TRANSITIONS: dict[type[CoreOperation], Callable[[CoreState, Any], CoreOutcome]] = {
    Connect: _connect,
    Subscribe: _subscribe,
    Unsubscribe: _unsubscribe,
    Publish: _publish,
    Disconnect: _disconnect,
    Teardown: _teardown,
}

CORE_KINDS = (
    *(f"connect: {how}" for how in ("becomes live", "again", "after its close")),
    *(f"subscribe: {how}" for how in ("linked", "again", "not live")),
    *(f"unsubscribe: {how}" for how in ("unlinked", "not linked")),
    *(f"publish: {how}" for how in ("delivered", "to nobody")),
    *(f"disconnect: {how}" for how in ("last word", "again", "not live")),
    *(f"teardown: {how}" for how in ("with subscribers", "no subscribers")),
)
