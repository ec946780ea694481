"""The steps of level server, made from the functions of `model.server.transitions`: a monitor, turned into a transition system.

The monitor says which changes and answers are allowed; here every action that a scope can name (`proving.server.families`) is tried.
A configuration is the monitor's state, made small, and the part of the run that the properties must remember. It refuses to have rules of
its own.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from subwarden.model.server import requests as rq
from subwarden.model.server import transitions as pr
from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.state import Change, ChangeKind, ServerState, pair_of
from subwarden.model.server.transitions import States

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


def steps_of(configuration: ServerConfiguration, action: Action, rules: RequestRules) -> Iterator[RequestMoved]:
    """The steps by `action`."""
    for after in dict.fromkeys(take(configuration, action, rules)):
        yield RequestMoved(action, after)


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
