"""Judges the deliveries that a history of the core model records, as the gate judges those of a run: by the same code.

A log says which message reached which client (`{"deliver": CLIENT, "message": TEXT, "at": TIME}`), so `publish` need not know whom it
reached. What each connection must and may receive is decided by `checking.core.deliveries`, from what calls and answers leave open.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from subwarden.checking.core.connection_states import ConnectionStates, CoreGraph
from subwarden.checking.core.deliveries import TopicDeliveries
from subwarden.checking.linearizability.core import PublishOf
from subwarden.checking.linearizability.history import CallEnding, HistoryCall, Moment
from subwarden.checking.linearizability.specification import UNJUDGED
from subwarden.model.core.step import CoreOperation, Id, Publish


class Arrival(NamedTuple):
    """One delivery line."""

    line: int
    at: float
    client: Id
    message: object


class Wrong(NamedTuple):
    """A delivery that is wrong, or missing: the property, what is wrong, the message and the client, and the line that it is about."""

    property: str
    what: str
    detail: str
    line: int


class _Followed:
    """A connection of the history; see `checking.core.deliveries.Followed`."""

    def __init__(self, name: Id, states: ConnectionStates) -> None:
        self.name = name
        self.states = states
        self.looked: ConnectionStates | None = None


def judge_deliveries(history: Iterable[Moment], arrivals: list[Arrival], clients: set[Id], *, final: bool) -> list[Wrong]:
    """The deliveries that are wrong. `clients`: all connections of the history; `final`: a closed one does not come back."""
    graph = CoreGraph()
    names = tuple(sorted({*clients, *(a.client for a in arrivals)}, key=str))
    followed = dict(zip(names, map(_Followed, names, graph.initial(names, final=final, forgiving=False)), strict=True))
    deliveries, lines, numbers = TopicDeliveries(tuple(followed.values())), dict[object, int](), dict[int, int]()
    operations: dict[CoreOperation, CoreOperation] = {}  # one object for all that are equal: the graph knows them by identity
    publishers: dict[str, int] = {}
    for moment in history:
        for call in moment.calls:
            number = numbers[call.line] = len(numbers) + 1
            if isinstance(call.operation, PublishOf):
                lines[call.operation.message] = call.line
                deliveries.called(number, call.operation.topic, call.operation.message)
                if call.task is not None:  # one publisher's messages keep their order; a call without a task is a publisher by itself
                    deliveries.published[-1].publisher = -1 - publishers.setdefault(call.task, len(publishers))
            elif not isinstance(call.operation, Publish):
                operation = operations.setdefault(call.operation, call.operation)
                for each in _of(followed, operation):
                    each.states = each.states.after_call(number, operation)
                deliveries.look()
        for call in moment.ends:
            _end(call, operations.get(call.operation, call.operation), numbers[call.line], followed, deliveries)
    received: dict[Id, list[object]] = {}
    for arrival in arrivals:
        received.setdefault(arrival.client, []).append(arrival.message)
        lines[arrival.client, arrival.message] = arrival.line
    found = []
    for cause, detail, _, client, message in deliveries.broken(received):
        about = message[1] if isinstance(message, tuple) else message
        at = lines.get((client, about), lines.get(about, 0))
        found.append(Wrong(cause.property.name, cause.mechanism, detail, at))
    return found


def _of(followed: dict[Id, _Followed], operation: CoreOperation) -> list[_Followed]:
    """The connections that `operation` concerns; a teardown concerns all."""
    name = getattr(operation, "connection", None)
    return [*followed.values()] if name is None else [followed[name]]


def _end(call: HistoryCall, operation: Any, number: int, followed: dict[Id, _Followed], deliveries: TopicDeliveries) -> None:
    cancelled = call.fate.end is CallEnding.CANCELLED
    if isinstance(operation, PublishOf):
        if cancelled:
            deliveries.gone(number)
        else:
            deliveries.returned(number)
    elif not isinstance(operation, Publish):
        for each in _of(followed, operation):
            if cancelled:
                each.states = each.states.settled([number])
            else:
                answer = None if call.fate.answer is UNJUDGED else call.fate.answer
                each.states = each.states.after_return(number, operation, answer).to
        deliveries.look()
