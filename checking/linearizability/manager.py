"""The manager's model as a specification: `--model manager`.

A call belongs to the incarnation of its thread's entry at the moment of the call (`model.manager.step.begin`). Several states may be
possible at that moment, so the call is bound in each of them: for the search a call is an event of its own, not only the start of an
interval. Incarnations are numbered by rank, and all dead ones are equal (`STALE`): the model compares nothing else. A `state_*` operation
acts on the state that its task received last.
"""

from collections.abc import Hashable
from dataclasses import replace
from typing import NamedTuple

from subwarden.checking.linearizability.specification import UNJUDGED, Asked, CallEffect, Footprint, Mode
from subwarden.model.manager import operations as op
from subwarden.model.manager.operations import Operation, decode
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Answer, Call, step
from subwarden.model.manager.words import say_answer, say_operation, say_state

READ, JOIN, WRITE = Mode.READ, Mode.JOIN, Mode.WRITE
STALE = 0  # the incarnation of an entry that is gone

CREATORS = (op.ThreadState, op.TryEnsureConnectionSubscribed, op.TryAddConnectionToThread, op.SetListener)
LOOKING = (op.SubscribedConnectionIds, op.HasSubscribers, op.StateListenerMatches, op.HoldState)
NO_TOUCH: Footprint = {}


class BoundState(NamedTuple):
    """A state of the model, with the incarnations that pending calls and tasks refer to."""

    model: State  # its incarnations are numbered by rank
    bound: tuple[tuple[int, int], ...] = ()  # sorted (slot, incarnation): the incarnation that a pending call saw
    held: tuple[tuple[str, int], ...] = ()  # sorted (task, incarnation): the live incarnation whose state a task holds


class ManagerSpecification:
    """See `checking.linearizability.specification.Specification`."""

    name = "manager"

    def decode(self, data: object) -> Operation:
        return decode(data)

    def decode_answer(self, operation: Operation, data: object) -> object:
        answer, allowed = _decode_answer(operation, data)
        if answer is UNJUDGED:
            raise ValueError(f"{operation.name} answers {allowed}, not {data!r}")
        return answer

    def encode_answer(self, answer: object) -> object:
        if isinstance(answer, Answer):
            return _WRITTEN[answer]
        return list(answer) if isinstance(answer, tuple) else answer

    def initial(self) -> BoundState:
        return BoundState(State())

    def needs_state(self, operation: Operation) -> bool:
        return isinstance(operation, op.STATE_OPERATIONS)

    def gives_state(self, answer: object) -> bool:
        return answer is Answer.HANDLE

    def binds(self, operation: Operation) -> bool:
        # the others never read the incarnation of their call (a test checks that of the model)
        return isinstance(operation, CREATORS)

    def bind(self, state: BoundState, asked: Asked) -> BoundState:
        entry = state.model.entry(asked.operation.thread)
        return state if entry is None else state._replace(bound=tuple(sorted((*state.bound, (asked.slot, entry.incarnation)))))

    def bind_touches(self, state: BoundState, asked: Asked) -> Footprint:
        thread = asked.operation.thread
        if state.model.entry(thread) is not None:
            return {("entry", thread): JOIN}  # only a teardown changes the entry that it sees
        # A call that is bound to no entry is never overtaken. So it can give every answer that a bound call can, except a refusal.
        return {("entry", thread): READ} if _refusal(asked) or (asked.must and asked.answer is UNJUDGED) else NO_TOUCH

    def forget(self, state: BoundState, slot: int) -> BoundState:
        bound = tuple(pair for pair in state.bound if pair[0] != slot)
        return state if len(bound) == len(state.bound) else state._replace(bound=bound)

    def step(self, state: BoundState, asked: Asked) -> CallEffect:
        bound, held = state.bound, state.held
        if bound:
            bound = tuple(pair for pair in bound if pair[0] != asked.slot)
        model, answer, kind = step(state.model, self._call(state, asked))
        changed = model is not state.model and model != state.model
        if answer is Answer.HANDLE and asked.task is not None and asked.answer is Answer.HANDLE:
            entry = model.entry(asked.operation.thread)
            assert entry is not None, "every handle belongs to an entry"
            others = [pair for pair in held if pair[0] != asked.task]
            held = tuple(sorted([*others, (asked.task, entry.incarnation)]))
            changed = changed or held != state.held
        after = BoundState(model, bound, held)
        same_lives = model.entries is state.model.entries
        return CallEffect(after if same_lives else _by_rank(after), answer, kind, changed)

    def _call(self, state: BoundState, asked: Asked) -> Call:
        operation = asked.operation
        if isinstance(operation, op.STATE_OPERATIONS):
            held = dict(state.held).get(asked.task or "", STALE)
            thread = next((t for t, entry in state.model.entries if entry.incarnation == held), 0)
            return Call(operation, held, thread)
        return Call(operation, dict(state.bound).get(asked.slot) if state.bound else None)

    def fits(self, answer: object, wanted: object) -> bool:
        # ANY: the state has been torn down, and its answer is not judged
        return wanted is UNJUDGED or answer is Answer.ANY or (answer == wanted and type(answer) is type(wanted))

    def inert(self, asked: Asked) -> bool:
        if isinstance(asked.operation, LOOKING):
            return True
        return _refusal(asked) or (asked.answer is None and isinstance(asked.operation, op.RemoveListener))

    def touches(self, operation: Operation) -> Footprint:
        return _touches(operation)

    def needs(self, state: BoundState, asked: Asked) -> Footprint | None:
        o, wanted, model = asked.operation, asked.answer, state.model
        match o:
            case op.SubscribedConnectionIds(t) if isinstance(wanted, tuple):
                differing = sorted(model.subscribers(t).symmetric_difference(wanted))
                return _other(model, t, differing[0]) if differing else {}
            case op.HasSubscribers(t) if model.subscribers(t):
                return _other(model, t, min(model.subscribers(t)))
            case op.UnsubscribeConnectionFromThread(t, c):
                return _other(model, t, c)
            case op.TryEnsureConnectionSubscribed() | op.TryAddConnectionToThread() | op.SetListener():
                return self._needs_grant(state, asked)
        return None

    def _needs_grant(self, state: BoundState, asked: Asked) -> Footprint:
        o, seen = asked.operation, dict(state.bound).get(asked.slot)
        live: Footprint = {("live", o.connection): READ}
        if _refusal(asked):
            return live if seen is None else {**live, ("entry", o.thread): JOIN}
        return live if o.connection not in state.model.live else {}  # live and refused: overtaken, and no call can change that

    def describe(self, operation: Operation) -> str:
        return say_operation(operation)

    def describe_answer(self, operation: Operation, answer: object) -> str:
        return say_answer(operation, answer)

    def describe_state(self, state: BoundState) -> str:
        return say_state(state.model)


_WRITTEN = {Answer.HANDLE: "handle", Answer.REFUSED: "refused", Answer.ANY: "any"}


def _decode_answer(operation: Operation, data: object) -> tuple[object, str]:
    """The answer, or UNJUDGED if `data` is none; and the answers that are allowed, in words."""
    match operation:
        case op.ThreadState() | op.TryEnsureConnectionSubscribed() | op.SetListener():
            answers = {_WRITTEN[a]: a for a in (Answer.HANDLE, Answer.REFUSED)}
            return answers.get(data, UNJUDGED) if isinstance(data, str) else UNJUDGED, '"handle" or "refused"'
        case op.HasSubscribers() | op.TryAddConnectionToThread() | op.UnsubscribeConnectionFromThread() | op.StateListenerMatches():
            return data if isinstance(data, bool) else UNJUDGED, "true or false"
        case op.SubscribedConnectionIds():
            good = isinstance(data, list) and all(type(c) is int for c in data)
            return tuple(sorted(data)) if good and isinstance(data, list) else UNJUDGED, "the list of its connections"
        case op.RemoveListener() | op.StateTrackEvent():
            return data if data is None or type(data) is int else UNJUDGED, "a whole number or null"
        case op.StateSetListener():
            return data if type(data) is int else UNJUDGED, "the listener's generation, a whole number"
    return data if data is None else UNJUDGED, "null"


def _refusal(asked: Asked) -> bool:
    return asked.answer is Answer.REFUSED or asked.answer is False


def _by_rank(state: BoundState) -> BoundState:
    """The same state with incarnations numbered by thread, and all bindings to dead incarnations equal."""
    model = state.model
    rank = {entry.incarnation: n for n, (_, entry) in enumerate(model.entries, 1)}
    if model.incarnations != len(rank) or any(number != n for number, n in rank.items()):
        entries = tuple((t, entry._replace(incarnation=rank[entry.incarnation])) for t, entry in model.entries)
        model = replace(model, entries=entries, incarnations=len(entries))
    bound = tuple((slot, rank.get(number, STALE)) for slot, number in state.bound)
    held = tuple((task, rank[number]) for task, number in state.held if number in rank)
    return BoundState(model, bound, held)


def _other(state: State, thread: int, connection: int) -> Footprint:
    """The keys that a call must touch to change whether the pair is linked."""
    link: tuple[Hashable, ...] = ("link", thread, connection)
    if connection not in state.subscribers(thread):
        return {link: READ}
    return {link: READ, ("gone", connection): READ, ("torn", thread): READ, "explicit": READ}


def _linking(thread: int, connection: int) -> dict[Hashable, Mode]:
    return {("link", thread, connection): WRITE, ("of thread", thread): JOIN, ("of connection", connection): JOIN}


def _touches(operation: Operation) -> Footprint:  # noqa: PLR0911  # a table, one line an operation
    match operation:
        case op.ConnectionInitialized(c):
            return {("live", c): WRITE}
        case op.RemoveConnection(c):
            return {("live", c): WRITE, ("of connection", c): WRITE, ("gone", c): WRITE, "closes": JOIN, "explicit": READ}
        case op.SubscribedConnectionIds(t) | op.HasSubscribers(t):
            return {("of thread", t): READ, "closes": READ, "explicit": READ}
        case op.ThreadState(t):
            return {("entry", t): JOIN}
        case op.TryEnsureConnectionSubscribed(t, c) | op.TryAddConnectionToThread(t, c):
            return {**_linking(t, c), ("live", c): READ, ("entry", t): JOIN, "explicit": READ}
        case op.SetListener(_, t, c):
            # the call does not tell which pair its id named before and now loses: explicit ids clash with all reads of links
            return {**_linking(t, c), ("live", c): READ, ("entry", t): JOIN, "explicit": WRITE}
        case op.RemoveListener():
            return {"explicit": WRITE}
        case op.UnsubscribeConnectionFromThread(t, c):
            return {**_linking(t, c), "explicit": READ}
        case op.RemoveThreadState(t):
            return {("entry", t): WRITE, ("of thread", t): WRITE, ("torn", t): WRITE, "states": READ, "explicit": READ}
    return {"states": WRITE}  # the thread depends on the task
