"""Liveness at level server: every request of an open connection is answered under weak fairness (P7), and without waiting for a pending
start (P14).

Once a request may be answered, it may be for ever (`may` only grows, but for the one moment at which the request makes its change), so
fairness to the server answers it. A request that is never
answered shows as a run that stays, from some point on, in one strongly connected component of the states in which it may not be
answered. Weak fairness rules such a run out if one step that is taken for the request is possible in every state of the component and
leaves it (Lichtenstein, Pnueli 1985). A component that no single step leaves in this way counts as stuck: the check may be too strict,
never too lenient. P14: from every state with a pending start, an answer can be reached although the engine neither brings nor fails it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.state import ChangeKind, ServerState, target
from subwarden.proving.manager.liveness import strong_components
from subwarden.proving.server.steps import (
    Action,
    Answers,
    Archives,
    Brings,
    Closes,
    RequestMoved,
    RequestRules,
    RollsBack,
    ServerConfiguration,
    Shows,
    Turns,
)

SERVED = {  # the visible changes that are made for a request
    rq.Initialize: (ChangeKind.LIVE,),
    rq.Start: (ChangeKind.LOADED, ChangeKind.LINKED),
    rq.Resume: (ChangeKind.LOADED, ChangeKind.LINKED),
    rq.Fork: (ChangeKind.LOADED, ChangeKind.LINKED),
    rq.Unsubscribe: (ChangeKind.LINKED, ChangeKind.UNLINKED),  # a link that it was told of may have to come first
    rq.Archive: (ChangeKind.CLOSING, ChangeKind.UNLOADED),
    rq.AddListener: (ChangeKind.LINKED, ChangeKind.NAMED),
    rq.RemoveListener: (ChangeKind.UNNAMED,),
}


class Waiting(NamedTuple):
    """A request, at place `number`, that may not be answered in a state. `state`: the search's number of the state."""

    state: int
    number: int


class StuckRequest(NamedTuple):
    """A request for which no answer is guaranteed."""

    at: Waiting
    component: int  # how many states the run can stay among
    never: bool  # no path leads to an answer


class ServerLiveness(NamedTuple):
    """The result of `check_server_liveness`."""

    states_with_open_calls: int
    components: int
    largest: int
    stuck: tuple[StuckRequest, ...]  # P7
    behind_a_start: tuple[Waiting, ...]  # P14


class _Step(NamedTuple):
    """A step from a waiting request."""

    target: int | None  # the place of the waiting request that it leads to; None: the request may be answered there
    own: str | None  # the kind of the action, if it is taken for the request
    of_start: bool  # the engine brings, or fails, a start that is another request


Successors = Callable[[int], Iterable[tuple[RequestMoved, int]]]
Graph = list[list[_Step]]  # the steps of each waiting request


def check_server_liveness(
    states: Sequence[int], configuration: Callable[[int], ServerConfiguration], successors: Successors, rules: RequestRules
) -> ServerLiveness:
    """Judge every request of an open connection in all reachable `states`, nearest first; `configuration` gives the meaning of a state's
    number, `successors` its steps."""
    waiting: list[Waiting] = []
    with_flight = 0
    for state in states:
        here = configuration(state).state
        with_flight += bool(here.flight)
        open_requests = (n for n, f in here.flight if f.request.connection not in here.closed)
        waiting += (Waiting(state, n) for n in open_requests if not _answerable(here, n, rules))
    graph = _graph(waiting, configuration, successors)
    reaching = _reaching(graph, lambda _: True)
    sizes, stuck = [], []
    for component in strong_components(range(len(graph)), lambda at: [s.target for s in graph[at] if s.target is not None]):
        sizes.append(len(component))
        if not _is_left(component, graph):
            first = min(component)
            stuck.append((first, StuckRequest(waiting[first], len(component), first not in reaching)))
    unaided = _reaching(graph, lambda step: not step.of_start)
    behind = tuple(waiting[place] for place in sorted(reaching - unaided))  # reached only through a start
    return ServerLiveness(with_flight, len(sizes), max(sizes, default=0), tuple(found for _, found in sorted(stuck)), behind)


def _answerable(state: ServerState, number: int, rules: RequestRules) -> bool:
    may = state.flight[number - 1][1].may
    return any(rules.answer(state, number, reply) for reply in Reply if reply in may)


def _graph(waiting: list[Waiting], configuration: Callable[[int], ServerConfiguration], successors: Successors) -> Graph:
    places = {at: place for place, at in enumerate(waiting)}
    graph: Graph = []
    moves: tuple[int, list[tuple[RequestMoved, int]]] = (-1, [])  # of the last state: the waiting requests of a state stand together
    for at in waiting:
        if moves[0] != at.state:
            moves = at.state, list(successors(at.state))
        here = configuration(at.state).state
        found = []
        for moved, target_state in moves[1]:
            number = at.number
            if moved.action == Closes(here.flight[number - 1][1].request.connection):
                continue  # then nobody is left to answer, which is no answer
            if isinstance(moved.action, Answers):  # to another request, as this one may not be answered
                number -= moved.action.number < number
            place = places.get(Waiting(target_state, number))
            found.append(
                _Step(place, _own(here.flight[at.number - 1][1].request, moved.action), _brings_start(here, at.number, moved.action))
            )
        graph.append(found)
    return graph


def _own(request: Request, action: Action) -> str | None:
    """The kind of `action`, if it is taken for `request`; else None. It has no names in it, so that renaming a state changes nothing."""
    thread = target(request)
    found: tuple[str, int] | None = None  # the kind, and the thread that it is about
    match action:
        case Shows(change) if change.kind in SERVED.get(type(request), ()):
            if isinstance(request, rq.RemoveListener):
                return change.kind.value if change.other == request.subscription else None
            mine = change.thread in (0, thread) and change.connection in (0, request.connection)
            return change.kind.value if mine else None
        case Brings(t, conversation) if conversation is not None and isinstance(request, rq.ASKS_ENGINE):
            found = "brings", t
        case Archives(t) if isinstance(request, rq.Archive):
            found = "archives", t
        case Turns(t, False) if isinstance(request, rq.TurnInterrupt):
            found = "ends the turn", t
        case RollsBack(t) if isinstance(request, rq.Rollback):
            found = "rolls back", t
    return found[0] if found is not None and found[1] == thread else None


def _brings_start(state: ServerState, number: int, action: Action) -> bool:
    """Whether the engine now brings or fails a start, other than request `number`, for the first time."""
    pending = (f for n, f in state.of(rq.Start) if n != number and f.replied is None and not f.failed)
    return isinstance(action, Brings) and any(target(f.request) == action.thread for f in pending)


def _is_left(component: list[int], graph: Graph) -> bool:
    """Whether one step that is taken for the request is possible everywhere in the component, and leaves it, whichever request it is then
    attributed to."""
    members = set(component)
    keys = []
    for at in component:
        stays = {step.own for step in graph[at] if step.target in members}
        keys.append({step.own for step in graph[at] if step.own is not None} - stays)
    return bool(set.intersection(*keys))


def _reaching(graph: Graph, allowed: Callable[[_Step], bool]) -> set[int]:
    """The places of the waiting requests from which allowed steps lead to a state in which they may be answered."""
    before: dict[int | None, list[int]] = {}
    for place, found in enumerate(graph):
        for step in found:
            if allowed(step):
                before.setdefault(step.target, []).append(place)
    reached: set[int] = set()
    todo: list[int | None] = [None]
    while todo:
        new = [place for place in before.get(todo.pop(), ()) if place not in reached]
        reached.update(new)
        todo += new
    return reached
