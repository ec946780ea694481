"""The core model: the operations that all subscription managers share.

Connections come and go, subscribe to topics and unsubscribe; a message published to a topic reaches the topic's subscribers of that
moment; a topic can be torn down. Each operation takes effect once, in one atomic step, between its call and its return.

`Attach`, `Detach`, `Acknowledge` and `Redeliver` belong to options (`model.core.options`); only managers that have the option are asked for
them. It has no explicit ids, raw flags, listeners or incarnations: a manager that has more than the core brings a model of its own (ours
is `model.manager.step`).
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


@dataclass(frozen=True, slots=True)
class Attach:
    """A socket of `connection` opens, and takes the place of the one before it. Option `reconnects`."""

    connection: Id
    socket: Id
    name: ClassVar[str] = "attach"


@dataclass(frozen=True, slots=True)
class Detach:
    """The handler of a socket ends. If another socket has taken its place, nothing changes. Option `reconnects`."""

    connection: Id
    socket: Id
    name: ClassVar[str] = "detach"


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """`connection` acknowledges the messages that it has received so far. Option `acks`."""

    connection: Id
    name: ClassVar[str] = "ack"


@dataclass(frozen=True, slots=True)
class Redeliver:
    """The messages that `connection` has received and not acknowledged are sent again. Option `acks`."""

    connection: Id
    name: ClassVar[str] = "redeliver"


CoreOperation = Connect | Subscribe | Unsubscribe | Publish | Disconnect | Teardown | Attach | Detach | Acknowledge | Redeliver
CORE_OPERATIONS: tuple[type[CoreOperation], ...] = (Connect, Subscribe, Unsubscribe, Publish, Disconnect, Teardown)
OPTION_OPERATIONS: tuple[type[CoreOperation], ...] = (Attach, Detach, Acknowledge, Redeliver)
CORE_BY_NAME: dict[str, type[CoreOperation]] = {kind.name: kind for kind in CORE_OPERATIONS}
EVERY_BY_NAME: dict[str, type[CoreOperation]] = {**CORE_BY_NAME, **{kind.name: kind for kind in OPTION_OPERATIONS}}


@dataclass(frozen=True, slots=True)
class CoreState:
    """The complete state at one moment. `closed` remembers closed connections: a close is final (P2), unless ids are used again
    (`final` is False). `sockets` has the open socket of each connection that attached, `spent` the sockets that have ended or lost their
    place; a connection that attaches anew keeps its subscriptions if `resumes`."""

    live: frozenset[Id] = frozenset()
    closed: frozenset[Id] = frozenset()
    links: frozenset[tuple[Id, Id]] = frozenset()  # (topic, connection)
    final: bool = True
    sockets: frozenset[tuple[Id, Id]] = frozenset()  # (connection, socket)
    spent: frozenset[tuple[Id, Id]] = frozenset()
    resumes: bool = False

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
    operation: CoreOperation = as_data.decode(data, EVERY_BY_NAME, "operation", _id)
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
    open_now = frozenset(pair for pair in state.sockets if pair[0] == o.connection)
    after = replace(
        state,
        live=state.live - {o.connection},
        closed=closed,
        links=links if len(links) < len(state.links) else state.links,
        sockets=state.sockets - open_now,
        spent=state.spent | open_now,
    )
    return CoreOutcome(after, None, f"disconnect: {kind}")


def _teardown(state: CoreState, o: Teardown) -> CoreOutcome:
    links = frozenset(pair for pair in state.links if pair[0] != o.topic)
    if len(links) == len(state.links):
        return CoreOutcome(state, None, "teardown: no subscribers")
    return CoreOutcome(replace(state, links=links), None, "teardown: with subscribers")


def _attach(state: CoreState, o: Attach) -> CoreOutcome:
    pair = (o.connection, o.socket)
    if pair in state.spent or pair in state.sockets:  # P2: a socket opens once
        return CoreOutcome(state, None, "attach: again")
    before = frozenset(each for each in state.sockets if each[0] == o.connection)
    kept = state.links if state.resumes or not before else frozenset(link for link in state.links if link[1] != o.connection)
    after = replace(
        state,
        live=state.live | {o.connection},
        links=kept,
        sockets=state.sockets - before | {pair},
        spent=state.spent | before,
    )
    return CoreOutcome(after, None, f"attach: {'takes over' if before else 'becomes live'}")


def _detach(state: CoreState, o: Detach) -> CoreOutcome:
    pair = (o.connection, o.socket)
    if pair not in state.sockets:  # another has its place: the last socket wins
        return CoreOutcome(replace(state, spent=state.spent | {pair}), None, "detach: too late")
    links = frozenset(link for link in state.links if link[1] != o.connection)
    after = replace(state, live=state.live - {o.connection}, links=links, sockets=state.sockets - {pair}, spent=state.spent | {pair})
    return CoreOutcome(after, None, "detach: ends")


def _acknowledge(state: CoreState, _o: Acknowledge) -> CoreOutcome:
    return CoreOutcome(state, None, "ack: heard")


def _redeliver(state: CoreState, _o: Redeliver) -> CoreOutcome:
    return CoreOutcome(state, None, "redeliver: asked")


CORE_TRANSITIONS: dict[type[CoreOperation], Callable[[CoreState, Any], CoreOutcome]] = {
    Connect: _connect,
    Subscribe: _subscribe,
    Unsubscribe: _unsubscribe,
    Publish: _publish,
    Disconnect: _disconnect,
    Teardown: _teardown,
    Attach: _attach,
    Detach: _detach,
    Acknowledge: _acknowledge,
    Redeliver: _redeliver,
}

OPTION_KINDS = ("attach: becomes live", "attach: takes over", "detach: ends", "detach: too late", "ack: heard", "redeliver: asked")
CORE_KINDS = (
    *(f"connect: {how}" for how in ("becomes live", "again", "after its close")),
    *(f"subscribe: {how}" for how in ("linked", "again", "not live")),
    *(f"unsubscribe: {how}" for how in ("unlinked", "not linked")),
    *(f"publish: {how}" for how in ("delivered", "to nobody")),
    *(f"disconnect: {how}" for how in ("last word", "again", "not live")),
    *(f"teardown: {how}" for how in ("with subscribers", "no subscribers")),
)
