"""Level manager as a specification: `--model manager`. A world is a state, what pending calls have bound, and the states that tasks hold.

A call belongs to the incarnation of its thread's entry that was there when it was made (`model.manager.step.begin`). At that moment a
history leaves several states possible, so the binding is made in each of them: a call is a moment of its own in the search, not only the
start of an interval. Incarnations are kept by rank, and every dead one is the same (`STALE`): nothing in the model tells more.
It refuses to guess whose state a `state_*` operation acts on: that is the last one its task was answered.
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

Creator = op.ThreadState | op.TryEnsureConnectionSubscribed | op.TryAddConnectionToThread | op.SetListener
CREATORS = (op.ThreadState, op.TryEnsureConnectionSubscribed, op.TryAddConnectionToThread, op.SetListener)
LOOKING = (op.SubscribedConnectionIds, op.HasSubscribers, op.StateListenerMatches, op.HoldState)
NO_TOUCH: Footprint = {}


class ManagerConfiguration(NamedTuple):
    """A state with incarnations by rank; per pending call the one it saw, if any; per task the one whose state it holds, if alive."""

    state: State
    bound: tuple[tuple[int, int], ...] = ()  # sorted (slot, incarnation)
    held: tuple[tuple[str, int], ...] = ()  # sorted (task, incarnation)


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

    def initial(self) -> ManagerConfiguration:
        return ManagerConfiguration(State())

    def needs_state(self, operation: Operation) -> bool:
        return isinstance(operation, op.STATE_OPERATIONS)

    def gives_state(self, answer: object) -> bool:
        return answer is Answer.HANDLE

    def binds(self, operation: Operation) -> bool:
        # the others never look at the incarnation they are called with (a test holds the model to that)
        return isinstance(operation, CREATORS)

    def bind(self, world: ManagerConfiguration, asked: Asked) -> ManagerConfiguration:
        entry = world.state.entry(asked.operation.thread)
        return world if entry is None else world._replace(bound=tuple(sorted((*world.bound, (asked.slot, entry.incarnation)))))

    def bind_touches(self, world: ManagerConfiguration, asked: Asked) -> Footprint:
        thread = asked.operation.thread
        if world.state.entry(thread) is not None:
            return {("entry", thread): JOIN}  # only a teardown changes what it sees
        # Bound to nothing it can never be overtaken. So it can do whatever it could if bound to an entry, except be refused.
        return {("entry", thread): READ} if _refusal(asked) or (asked.must and asked.answer is UNJUDGED) else NO_TOUCH

    def forget(self, world: ManagerConfiguration, slot: int) -> ManagerConfiguration:
        bound = tuple(pair for pair in world.bound if pair[0] != slot)
        return world if len(bound) == len(world.bound) else world._replace(bound=bound)

    def step(self, world: ManagerConfiguration, asked: Asked) -> CallEffect:
        bound, held = world.bound, world.held
        if bound:
            bound = tuple(pair for pair in bound if pair[0] != asked.slot)
        state, answer, kind = step(world.state, self._call(world, asked))
        changed = state is not world.state and state != world.state
        if answer is Answer.HANDLE and asked.task is not None and asked.answer is Answer.HANDLE:
            entry = state.entry(asked.operation.thread)
            assert entry is not None, "a handle is a handle of an entry"
            others = [pair for pair in held if pair[0] != asked.task]
            held = tuple(sorted([*others, (asked.task, entry.incarnation)]))
            changed = changed or held != world.held
        after = ManagerConfiguration(state, bound, held)
        same_lives = state.entries is world.state.entries
        return CallEffect(after if same_lives else _by_rank(after), answer, kind, changed)

    def _call(self, world: ManagerConfiguration, asked: Asked) -> Call:
        operation = asked.operation
        if isinstance(operation, op.STATE_OPERATIONS):
            held = dict(world.held).get(asked.task or "", STALE)
            thread = next((t for t, entry in world.state.entries if entry.incarnation == held), 0)
            return Call(operation, held, thread)
        return Call(operation, dict(world.bound).get(asked.slot) if world.bound else None)

    def fits(self, answer: object, wanted: object) -> bool:
        # ANY: the state has been torn down, and what it answers is not judged
        return wanted is UNJUDGED or answer is Answer.ANY or (answer == wanted and type(answer) is type(wanted))

    def inert(self, asked: Asked) -> bool:
        if isinstance(asked.operation, LOOKING):
            return True
        return _refusal(asked) or (asked.answer is None and isinstance(asked.operation, op.RemoveListener))

    def touches(self, operation: Operation) -> Footprint:
        return _touches(operation)

    def needs(self, world: ManagerConfiguration, asked: Asked) -> Footprint | None:
        o, wanted, state = asked.operation, asked.answer, world.state
        match o:
            case op.SubscribedConnectionIds(t) if isinstance(wanted, tuple):
                differing = sorted(state.subscribers(t).symmetric_difference(wanted))
                return _other(state, t, differing[0]) if differing else {}
            case op.HasSubscribers(t) if state.subscribers(t):
                return _other(state, t, min(state.subscribers(t)))
            case op.UnsubscribeConnectionFromThread(t, c):
                return _other(state, t, c)
            case op.TryEnsureConnectionSubscribed() | op.TryAddConnectionToThread() | op.SetListener():
                return self._needs_grant(world, asked)
        return None

    def _needs_grant(self, world: ManagerConfiguration, asked: Asked) -> Footprint:
        o, seen = asked.operation, dict(world.bound).get(asked.slot)
        live: Footprint = {("live", o.connection): READ}
        if _refusal(asked):
            return live if seen is None else {**live, ("entry", o.thread): JOIN}
        return live if o.connection not in world.state.live else {}  # live and refused: overtaken, and that is for ever

    def describe(self, operation: Operation) -> str:
        return say_operation(operation)

    def describe_answer(self, operation: Operation, answer: object) -> str:
        return say_answer(operation, answer)

    def describe_world(self, world: ManagerConfiguration) -> str:
        return say_state(world.state)


_WRITTEN = {Answer.HANDLE: "handle", Answer.REFUSED: "refused", Answer.ANY: "any"}


def _decode_answer(operation: Operation, data: object) -> tuple[object, str]:
    """The answer, or UNJUDGED for none; and what would have been one."""
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


def _by_rank(world: ManagerConfiguration) -> ManagerConfiguration:
    """The same world with incarnations numbered by thread, and bindings to dead ones all alike."""
    state = world.state
    rank = {entry.incarnation: n for n, (_, entry) in enumerate(state.entries, 1)}
    if state.incarnations != len(rank) or any(number != n for number, n in rank.items()):
        entries = tuple((t, entry._replace(incarnation=rank[entry.incarnation])) for t, entry in state.entries)
        state = replace(state, entries=entries, incarnations=len(entries))
    bound = tuple((slot, rank.get(number, STALE)) for slot, number in world.bound)
    held = tuple((task, rank[number]) for task, number in world.held if number in rank)
    return ManagerConfiguration(state, bound, held)


def _other(state: State, thread: int, connection: int) -> Footprint:
    """What must be touched so that the pair is linked where it is not, or not where it is."""
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
            # which pair an id named before, and loses, is not known from the call: explicit ids clash with all that looks at links
            return {**_linking(t, c), ("live", c): READ, ("entry", t): JOIN, "explicit": WRITE}
        case op.RemoveListener():
            return {"explicit": WRITE}
        case op.UnsubscribeConnectionFromThread(t, c):
            return {**_linking(t, c), "explicit": READ}
        case op.RemoveThreadState(t):
            return {("entry", t): WRITE, ("of thread", t): WRITE, ("torn", t): WRITE, "states": READ, "explicit": READ}
    return {"states": WRITE}  # which thread's state it is depends on the task
