"""The core model as a specification: `--model core`. No call binds anything, so its states are those of `model.core.step`."""

from dataclasses import dataclass

from subwarden.checking.linearizability.specification import UNJUDGED, Asked, CallEffect, Footprint, Mode
from subwarden.model.core import step as core
from subwarden.model.core.step import CoreOperation, CoreState, Id
from subwarden.model.core.words import say_answer, say_operation, say_state


@dataclass(frozen=True, slots=True)
class PublishOf(core.Publish):
    """A publish of a history that names its message, so that delivery lines can name it."""

    message: Id = ""


READ, JOIN, WRITE = Mode.READ, Mode.JOIN, Mode.WRITE


class CoreSpecification:
    """See `checking.linearizability.specification.Specification`."""

    name = "core"

    def __init__(self, *, reconnects: bool = False) -> None:
        """`reconnects`: a connection that has closed may connect again under its name; else a close is final."""
        self.reconnects = reconnects

    @property
    def heading(self) -> dict[str, object]:
        """The words of a history's first line that name this model."""
        return {"model": self.name, **({"reconnects": True} if self.reconnects else {})}

    def decode(self, data: object) -> CoreOperation:
        if isinstance(data, list) and len(data) == 3 and data[0] == core.Publish.name:
            plain = core.core_decode(data[:2])
            if type(data[2]) not in (int, str):
                raise ValueError(f"publish: {data[2]!r} is not a message: a text or a whole number")
            assert isinstance(plain, core.Publish)
            return PublishOf(plain.topic, data[2])
        return core.core_decode(data)

    def decode_answer(self, operation: CoreOperation, data: object) -> object:
        if isinstance(operation, core.Subscribe | core.Unsubscribe):
            if isinstance(data, bool):
                return data
            raise ValueError(f"{operation.name} answers true or false, not {data!r}")
        if isinstance(operation, core.Publish):
            if isinstance(data, list) and all(type(c) in (int, str) for c in data):
                return core.in_order(data)  # no manager promises an order among connections; a repetition stays a repetition
            raise ValueError(f"publish answers the list of the connections that it reached, not {data!r}")
        if data is None:
            return None
        raise ValueError(f"{operation.name} answers null, not {data!r}")

    def encode_answer(self, answer: object) -> object:
        return list(answer) if isinstance(answer, tuple) else answer

    def initial(self) -> CoreState:
        return CoreState(final=not self.reconnects)

    def needs_state(self, operation: CoreOperation) -> bool:
        return False

    def gives_state(self, answer: object) -> bool:
        return False

    def binds(self, operation: CoreOperation) -> bool:
        return False

    def bind(self, state: CoreState, asked: Asked) -> CoreState:
        return state

    def bind_touches(self, state: CoreState, asked: Asked) -> Footprint:
        return {}

    def forget(self, state: CoreState, slot: int) -> CoreState:
        return state

    def step(self, state: CoreState, asked: Asked) -> CallEffect:
        operation = asked.operation
        after, answer, kind = core.core_step(state, core.Publish(operation.topic) if isinstance(operation, PublishOf) else operation)
        return CallEffect(after, answer, kind, after is not state and after != state)

    def fits(self, answer: object, wanted: object) -> bool:
        return wanted is UNJUDGED or answer == wanted

    def inert(self, asked: Asked) -> bool:
        return asked.answer is False or isinstance(asked.operation, core.Publish)

    def touches(self, operation: CoreOperation) -> Footprint:  # noqa: PLR0911  # a table, one line an operation
        match operation:
            case core.Connect(c):
                return {("live", c): WRITE}
            case core.Subscribe(c, t):
                return {("live", c): READ, ("link", t, c): WRITE, ("of topic", t): JOIN, ("of connection", c): JOIN}
            case core.Unsubscribe(c, t):
                return {("link", t, c): WRITE, ("of topic", t): JOIN, ("of connection", c): JOIN}
            case core.Publish(t):
                return {("of topic", t): READ, "closes": READ}
            case core.Disconnect(c) | core.Attach(c) | core.Detach(c):
                return {("live", c): WRITE, ("of connection", c): WRITE, "closes": JOIN, ("gone", c): WRITE}
            case core.Teardown(t):
                return {("of topic", t): WRITE, ("torn", t): WRITE}
            case core.Acknowledge() | core.Redeliver():
                return {}

    def needs(self, state: CoreState, asked: Asked) -> Footprint | None:
        o, wanted = asked.operation, asked.answer
        if isinstance(o, core.Subscribe):
            return {("live", o.connection): READ}
        if isinstance(o, core.Unsubscribe):
            return _other(state, o.topic, o.connection)
        if isinstance(o, core.Publish) and isinstance(wanted, tuple):
            differing = set(state.subscribers(o.topic)).symmetric_difference(wanted)
            if not differing:  # a connection was reached twice: no order does that
                return {}
            return _other(state, o.topic, core.in_order(differing)[0])
        return None

    def describe(self, operation: CoreOperation) -> str:
        return say_operation(operation)

    def describe_answer(self, operation: CoreOperation, answer: object) -> str:
        return say_answer(answer)

    def describe_state(self, state: CoreState) -> str:
        return say_state(state)


def _other(state: CoreState, topic: core.Id, connection: core.Id) -> Footprint:
    """The keys that a call must touch to change whether the pair is linked."""
    link = ("link", topic, connection)
    return {link: READ, ("gone", connection): READ, ("torn", topic): READ} if (topic, connection) in state.links else {link: READ}
