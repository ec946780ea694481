"""The steps of level server, made from the functions of `model.server.transitions`: a monitor, turned into a transition system.

The monitor says which changes and answers are allowed; here every one that a scope can name is tried. Clients and engine are free within
reason: no client starts a thread that exists, the engine brings only a conversation that was asked for and is not loaded.
A configuration is the monitor's state, made small, and the part of the run that the properties must remember. It refuses to have rules of
its own.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import NamedTuple

from subwarden.model.server import requests as rq
from subwarden.model.server import transitions as pr
from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.state import Change, ChangeKind, InFlight, ServerState, pair_of, target
from subwarden.model.server.transitions import States
from subwarden.proving.server.scope import ServerScope

Pair = tuple[int, int]  # (thread, connection)


class ServerConfiguration(NamedTuple):
    """`state`: its requests are numbered 1, 2, ... in the order of their arrival, anew whenever one is answered."""

    state: ServerState
    barred: frozenset[Pair] = frozenset()  # unsubscribed by an answer that no subscribing request overlapped, and no such request since
    overlapped: frozenset[int] = frozenset()  # unsubscribes in flight that a subscribing request of the same pair overlaps
    past: frozenset[int] = frozenset()  # conversations that were unloaded and that a request still knows


class RequestRules(NamedTuple):
    """The functions of `model.server.transitions` that steps are made of; a model with a planted defect replaces some."""

    accept: Callable[[ServerState, int, Request], ServerState] = pr.accept
    close: Callable[[ServerState, int], ServerState] = pr.close
    brought: Callable[[ServerState, int, int | None], ServerState] = pr.brought
    explain: Callable[[ServerState, Change], States] = pr.explain
    answer: Callable[[ServerState, int, Reply], States] = pr.answer


@dataclass(frozen=True, slots=True)
class Arrives:
    request: Request


@dataclass(frozen=True, slots=True)
class Closes:
    connection: int


@dataclass(frozen=True, slots=True)
class Cancels:
    number: int


@dataclass(frozen=True, slots=True)
class Brings:
    """The engine brings a conversation; None: it could not."""

    thread: int
    conversation: int | None


@dataclass(frozen=True, slots=True)
class Archives:
    """The thread is taken out of the store."""

    thread: int


@dataclass(frozen=True, slots=True)
class Turns:
    thread: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class RollsBack:
    thread: int


@dataclass(frozen=True, slots=True)
class Dies:
    thread: int


@dataclass(frozen=True, slots=True)
class Shows:
    """A visible change."""

    change: Change


@dataclass(frozen=True, slots=True)
class Answers:
    number: int
    reply: Reply


Action = Arrives | Closes | Cancels | Brings | Archives | Turns | RollsBack | Dies | Shows | Answers


class RequestMoved(NamedTuple):
    """A step, and the configuration that it leads to."""

    action: Action
    configuration: ServerConfiguration


def steps(configuration: ServerConfiguration, scope: ServerScope, rules: RequestRules) -> Iterator[RequestMoved]:
    """Every step from `configuration`, in a fixed order: an action that several requests may be behind is a step for each."""
    for action in actions(configuration, scope):
        yield from steps_of(configuration, action, rules)


def steps_of(configuration: ServerConfiguration, action: Action, rules: RequestRules) -> Iterator[RequestMoved]:
    """The steps by `action`."""
    for after in dict.fromkeys(take(configuration, action, rules)):
        yield RequestMoved(action, after)


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


# --- taking one


def take(configuration: ServerConfiguration, action: Action, rules: RequestRules) -> tuple[ServerConfiguration, ...]:
    """The configurations after `action`; none if the model does not allow it."""
    state = configuration.state
    match action:
        case Arrives(request):
            return (_arrived(configuration, request, rules),)
        case Shows(change):
            unloaded = {change.other} if change.kind is ChangeKind.UNLOADED else ()
            configuration = configuration._replace(past=configuration.past.union(unloaded))
            return tuple(_small(configuration, after) for after in rules.explain(state, change))
        case Answers(number, reply):
            return tuple(_answered(configuration, number, reply, rules))
        case Archives(thread):
            return tuple(_small(configuration, after) for after in pr.archived(state, thread))
        case _:
            after = _outside(state, action, rules)
            return () if after is None else (_small(configuration, after),)


def _outside(state: ServerState, action: Closes | Cancels | Brings | Turns | RollsBack | Dies, rules: RequestRules) -> ServerState | None:
    """The state after an event that nobody need explain; None if it cannot happen."""
    match action:
        case Closes(connection):
            return rules.close(state, connection)
        case Cancels(number):
            return pr.cancel(state, number)
        case Brings(thread, conversation):
            return rules.brought(state, thread, conversation)
        case RollsBack(thread):
            return pr.rolled_back(state, thread)
        case Turns(thread, is_open):
            loaded = state.thread(thread)
            return None if loaded is None else pr.turn(state, thread, loaded.conversation, is_open)
        case Dies(thread):
            loaded = state.thread(thread)
            return None if loaded is None else pr.died(state, thread, loaded.conversation)


def _arrived(configuration: ServerConfiguration, request: Request, rules: RequestRules) -> ServerConfiguration:
    number, pair = len(configuration.state.flight) + 1, pair_of(request)
    overlapped = configuration.overlapped
    if isinstance(request, rq.SUBSCRIBES):
        overlapped |= {n for n, f in configuration.state.of(rq.Unsubscribe) if pair_of(f.request) == pair}
        configuration = configuration._replace(barred=configuration.barred - {pair})
    elif isinstance(request, rq.Unsubscribe) and any(_subscribes(f.request, pair) for _, f in configuration.state.flight):
        overlapped |= {number}
    return _small(configuration._replace(overlapped=overlapped), rules.accept(configuration.state, number, request))


def _subscribes(request: Request, pair: Pair) -> bool:
    return isinstance(request, rq.SUBSCRIBES) and pair_of(request) == pair


def _answered(configuration: ServerConfiguration, number: int, reply: Reply, rules: RequestRules) -> Iterator[ServerConfiguration]:
    request = next(f.request for n, f in configuration.state.flight if n == number)
    answered = rules.answer(configuration.state, number, reply)
    told = isinstance(request, rq.Unsubscribe) and reply in rq.UNSUBSCRIBED
    if told and number not in configuration.overlapped and request.connection not in configuration.state.gone:
        configuration = configuration._replace(barred=configuration.barred | {pair_of(request)})
    overlapped = frozenset(n - (n > number) for n in configuration.overlapped if n != number)
    configuration = configuration._replace(overlapped=overlapped)
    return (_small(configuration, after) for after in answered)


def _small(configuration: ServerConfiguration, state: ServerState) -> ServerConfiguration:
    """The configuration with `state`, made small: requests are numbered anew, and numbers that nothing mentions are forgotten."""
    if any(n != place for place, (n, _) in enumerate(state.flight, start=1)):
        state = state._replace(flight=tuple((place, f) for place, (_, f) in enumerate(state.flight, start=1)))
    if state.gone is not configuration.state.gone:
        configuration = configuration._replace(barred=frozenset(pair for pair in configuration.barred if pair[1] not in state.gone))
    if configuration.past or state.dead:
        known = set(_mentioned(state))
        configuration = configuration._replace(past=configuration.past & known)
        state = state._replace(dead=state.dead & known)
    return configuration._replace(state=state)


def _mentioned(state: ServerState) -> Iterable[int]:
    yield from (loaded.conversation for _, loaded in state.loaded)
    yield from (f.replied for _, f in state.flight if f.replied is not None)


def subscribers(state: ServerState) -> frozenset[Pair]:
    """The subscribed pairs, however they were subscribed."""
    return frozenset((t, c) for t, c, _ in state.grants)
