"""Which actions to try in a configuration of level server: everything that a scope can name.

Clients and engine are free within reason: no client starts a thread that exists, the engine brings only a conversation that was asked for
and is not loaded. It refuses to know the effect of an action, and whether the model allows it (`proving.server.steps`).
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import NamedTuple

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.state import Change, ChangeKind, InFlight, ServerState, target
from subwarden.proving.server.scope import ServerScope
from subwarden.proving.server.steps import (
    Action,
    Answers,
    Archives,
    Arrives,
    Brings,
    Cancels,
    Closes,
    Dies,
    RequestMoved,
    RequestRules,
    RollsBack,
    ServerConfiguration,
    Shows,
    Turns,
    steps_of,
)


class Family(NamedTuple):
    """Some of the actions to try in a configuration. `apart`: each action looks at little beside what says which there are."""

    actions: Callable[[ServerConfiguration], Iterable[Action]]
    apart: bool = False


@cache
def families(scope: ServerScope) -> list[Family]:
    """Every action to try, in a fixed order; the model decides whether it happens. Actions that look at the same things are together."""
    connections, threads = range(1, scope.connections + 1), range(1, scope.threads + 1)
    found = [Family(partial(_arrivals, scope=scope)), Family(partial(_goings, connections=connections))]
    found += [Family(_cancellations)] if "cancels" in scope.extras else []
    found += [Family(partial(_from_engine, thread=t, scope=scope), apart=True) for t in threads]
    found += [Family(partial(_changes_of_connection, c=c)) for c in connections]
    for t in threads:
        found.append(Family(partial(_changes_of_thread, t=t), apart=True))
        found += [Family(partial(_changes_of_pair, t=t, c=c, ids=scope.subscriptions)) for c in connections]
    return [*found, *(Family(partial(_answers, number=number), apart=True) for number in range(1, scope.in_flight + 1))]


def actions(configuration: ServerConfiguration, scope: ServerScope) -> Iterator[Action]:
    """Every action to try in `configuration`."""
    for family in families(scope):
        yield from family.actions(configuration)


def steps(configuration: ServerConfiguration, scope: ServerScope, rules: RequestRules) -> Iterator[RequestMoved]:
    """Every step from `configuration`, in a fixed order: an action that several requests may be behind is a step for each."""
    for action in actions(configuration, scope):
        yield from steps_of(configuration, action, rules)


def _arrivals(configuration: ServerConfiguration, scope: ServerScope) -> Iterator[Action]:
    state = configuration.state
    if len(state.flight) < scope.in_flight:
        yield from (Arrives(request) for request in scope.requests() if _can_come(state, request, scope))


def _goings(configuration: ServerConfiguration, connections: Iterable[int]) -> Iterator[Action]:
    yield from (Closes(c) for c in connections if c not in configuration.state.closed)


def _cancellations(configuration: ServerConfiguration) -> Iterator[Action]:
    yield from (Cancels(number) for number, flight in configuration.state.flight if not flight.cancelled)


def _answers(configuration: ServerConfiguration, number: int) -> Iterator[Action]:
    may = next((f.may for n, f in configuration.state.flight if n == number), ())
    yield from (Answers(number, reply) for reply in Reply if reply in may)


def _can_come(state: ServerState, request: Request, scope: ServerScope) -> bool:
    if request.connection in state.closed:
        return False
    if isinstance(request, rq.Initialize):
        return request.connection not in state.asked
    if request.connection not in state.live and "strangers" not in scope.extras:
        return False
    return not isinstance(request, rq.Start | rq.Fork) or _is_free(state, target(request))


def _is_free(state: ServerState, thread: int) -> bool:
    """Whether a new thread may have this number: nothing is left of an old one."""
    if state.thread(thread) is not None or thread in state.stored or state.subscribed(thread):
        return False
    return not any(target(f.request) == thread for _, f in state.flight)


def _from_engine(configuration: ServerConfiguration, thread: int, scope: ServerScope) -> Iterator[Action]:
    state = configuration.state
    loaded = state.thread(thread)
    if loaded is None:
        if any(_waits(state, f) for _, f in state.flight if target(f.request) == thread):
            used = _known_of(state, thread)
            first = 2 * thread - 1
            yield Brings(thread, next(v for v in (first, first + 1) if v not in used))
            yield Brings(thread, None)
    elif not loaded.dead:
        if "turns" in scope.extras and not loaded.closing:
            yield Turns(thread, not loaded.turn)
            waiting = sum(target(f.request) == thread for _, f in state.of(rq.Rollback))
            if loaded.rolled_back < waiting:
                yield RollsBack(thread)
        if "deaths" in scope.extras:
            yield Dies(thread)
    if thread in state.stored and any(target(f.request) == thread for _, f in state.of(rq.Archive)):
        yield Archives(thread)


def _waits(state: ServerState, flight: InFlight) -> bool:
    """Whether a request waits for the engine; a resume does only for a thread in the store."""
    waits = isinstance(flight.request, rq.ASKS_ENGINE) and not flight.done and not flight.failed and flight.replied is None
    return waits and (not isinstance(flight.request, rq.Resume) or flight.request.thread in state.stored)


def _known_of(state: ServerState, thread: int) -> set[int | None]:
    """The conversations of an unloaded thread that requests still know: the engine brings another one next."""
    return {f.replied for _, f in state.flight if target(f.request) == thread}


def _changes_of_connection(configuration: ServerConfiguration, c: int) -> Iterator[Action]:
    yield Shows(Change(ChangeKind.DEAD if c in configuration.state.live else ChangeKind.LIVE, connection=c))


def _changes_of_thread(configuration: ServerConfiguration, t: int) -> Iterator[Action]:
    state = configuration.state
    loaded = state.thread(t)
    if loaded is None:
        brought = {f.replied for _, f in state.flight if target(f.request) == t}
        yield from (Shows(Change(ChangeKind.LOADED, t, other=v)) for v in sorted(v for v in brought if v is not None))
    else:
        if not loaded.closing:
            yield Shows(Change(ChangeKind.CLOSING, t))
        yield Shows(Change(ChangeKind.UNLOADED, t, other=loaded.conversation))


def _changes_of_pair(configuration: ServerConfiguration, t: int, c: int, ids: int) -> Iterator[Action]:
    state = configuration.state
    yield Shows(Change(ChangeKind.UNLINKED if state.linked(t, c) else ChangeKind.LINKED, t, c))
    for s in range(1, ids + 1):
        if any(f.request == rq.AddListener(c, s, t, raw=False) and not f.done for _, f in state.flight):
            yield Shows(Change(ChangeKind.NAMED, t, c, s))  # with the link, if there is none
        if (t, c, s) in state.grants:
            yield Shows(Change(ChangeKind.UNNAMED, t, c, s))
