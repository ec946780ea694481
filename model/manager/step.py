"""The transition function of the manager level: each operation's effect, in one atomic step, and the answer that its caller gets.

It follows the source document's manager, except where a property forbids that manager's behaviour; each such place names the
property. An operation takes effect once, at one moment between its call and its return (its linearization point).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NamedTuple

from subwarden.model.manager import operations as op
from subwarden.model.manager.state import Entry, Grant, State


class Answer(Enum):
    """Answers that are not plain values."""

    HANDLE = "a thread state"
    REFUSED = "refused"
    ANY = "anything"  # the state has been torn down: its answer is not judged, only its effect (P3)


@dataclass(frozen=True, slots=True)
class Call:
    """An operation as called. `incarnation` is the life of the thread's entry to which the call belongs.

    A manager operation belongs to the entry in the map at the moment of the call (None: there was none); a state operation to the
    entry whose state the caller holds.
    """

    operation: op.Operation
    incarnation: int | None = None
    thread: int | None = None  # state operations only: the thread of the state that the caller holds


class StepOutcome(NamedTuple):
    """The result of a call: the next state, the caller's answer, and the kind of transition (for coverage)."""

    state: State
    answer: object
    kind: str


def begin(state: State, operation: op.ManagerOperation) -> Call:
    """Bind `operation` to the incarnation of its thread at the moment of its call."""
    thread = getattr(operation, "thread", None)
    entry = None if thread is None else state.entry(thread)
    return Call(operation, None if entry is None else entry.incarnation)


def step(state: State, call: Call) -> StepOutcome:
    """The result of letting `call` take effect on `state`. Pure: `state` is unchanged."""
    outcome: StepOutcome = TRANSITIONS[type(call.operation)](state, call.operation, call)
    return outcome


def _with_entry(state: State, thread: int, entry: Entry | None) -> tuple[tuple[int, Entry], ...]:
    others = [pair for pair in state.entries if pair[0] != thread]
    if entry is not None:
        others.append((thread, entry))
    return tuple(sorted(others))


def _ensure_entry(state: State, thread: int) -> State:
    if state.entry(thread) is not None:
        return state
    number = state.incarnations + 1
    return replace(state, entries=_with_entry(state, thread, Entry(number)), incarnations=number)


def _without(state: State, drop: Callable[[Grant], bool]) -> State:
    """Drop the grants that `drop` selects; a pair that loses its last grant also loses its raw choice."""
    grants = frozenset(g for g in state.grants if not drop(g))
    if len(grants) == len(state.grants):
        return state
    linked = {(g.thread, g.connection) for g in grants}
    return replace(state, grants=grants, raw=frozenset(p for p in state.raw if p in linked))


def _overtaken(state: State, thread: int, call: Call) -> bool:
    """P6: the entry that the caller saw has been torn down; the call must not bring it back."""
    entry = state.entry(thread)
    return call.incarnation is not None and (entry is None or entry.incarnation != call.incarnation)


def _connection_initialized(state: State, o: op.ConnectionInitialized, _: Call) -> StepOutcome:
    if o.connection in state.closed:  # P2: closed is final
        return StepOutcome(state, None, "connection_initialized: after its close")
    if o.connection in state.live:
        return StepOutcome(state, None, "connection_initialized: again")
    return StepOutcome(replace(state, live=state.live | {o.connection}), None, "connection_initialized: becomes live")


def _remove_connection(state: State, o: op.RemoveConnection, _: Call) -> StepOutcome:
    kind = "last word" if o.connection in state.live else "not live"
    after = _without(state, lambda g: g.connection == o.connection)
    after = replace(after, live=state.live - {o.connection}, closed=state.closed | {o.connection})
    return StepOutcome(after, None, f"remove_connection: {kind}")


def _subscribed_connection_ids(state: State, o: op.SubscribedConnectionIds, _: Call) -> StepOutcome:
    found = tuple(sorted(state.subscribers(o.thread)))
    return StepOutcome(state, found, f"subscribed_connection_ids: {'some' if found else 'none'}")


def _has_subscribers(state: State, o: op.HasSubscribers, _: Call) -> StepOutcome:
    found = bool(state.subscribers(o.thread))
    return StepOutcome(state, found, f"has_subscribers: {'yes' if found else 'no'}")


def _thread_state(state: State, o: op.ThreadState, call: Call) -> StepOutcome:
    if _overtaken(state, o.thread, call):
        return StepOutcome(state, Answer.REFUSED, "thread_state: overtaken by teardown")
    after = _ensure_entry(state, o.thread)
    return StepOutcome(after, Answer.HANDLE, f"thread_state: {'found' if after is state else 'created'}")


def _link(state: State, grant: Grant, raw: bool | None) -> State:
    """Add `grant`. `raw` is the connection's own choice: True or False to set it, None to leave it (P10)."""
    state = _ensure_entry(state, grant.thread)
    pair = {(grant.thread, grant.connection)}
    choices = state.raw if raw is None else state.raw | pair if raw else state.raw - pair
    return replace(state, grants=state.grants | {grant}, raw=choices)


def _try_link(state: State, thread: int, connection: int, raw: bool | None, call: Call, granted: object) -> StepOutcome:
    name = call.operation.name
    refusal = Answer.REFUSED if granted is Answer.HANDLE else False
    if connection not in state.live:
        return StepOutcome(state, refusal, f"{name}: not live")
    if _overtaken(state, thread, call):
        return StepOutcome(state, refusal, f"{name}: overtaken by teardown")
    after = _link(state, Grant(thread, connection, None), raw)
    return StepOutcome(after, granted, f"{name}: {'again' if (thread, connection) in state.links() else 'linked'}")


def _try_ensure(state: State, o: op.TryEnsureConnectionSubscribed, call: Call) -> StepOutcome:
    # `or None`: raw turns the choice on, never off
    return _try_link(state, o.thread, o.connection, o.raw or None, call, Answer.HANDLE)


def _try_add(state: State, o: op.TryAddConnectionToThread, call: Call) -> StepOutcome:
    return _try_link(state, o.thread, o.connection, None, call, True)


def _set_listener(state: State, o: op.SetListener, call: Call) -> StepOutcome:
    if o.connection not in state.live:  # P2: the source document's manager does not check this
        return StepOutcome(state, Answer.REFUSED, "set_listener: not live")
    if _overtaken(state, o.thread, call):
        return StepOutcome(state, Answer.REFUSED, "set_listener: overtaken by teardown")
    known = state.ids().get(o.subscription)
    # P1: an id names one pair. Recorded again for another pair it moves there, and the first pair loses that grant: otherwise the
    # first pair would stay subscribed by an id that no longer names it, and no call could remove that grant.
    after = _without(state, lambda g: g.subscription == o.subscription) if known != (o.thread, o.connection) else state
    after = _link(after, Grant(o.thread, o.connection, o.subscription), o.raw)
    kind = "recorded" if known is None else "again" if known == (o.thread, o.connection) else "moved"
    return StepOutcome(after, Answer.HANDLE, f"set_listener: {kind}")


def _remove_listener(state: State, o: op.RemoveListener, _: Call) -> StepOutcome:
    known = state.ids().get(o.subscription)
    if known is None:
        return StepOutcome(state, None, "remove_listener: unknown id")
    after = _without(state, lambda g: g.subscription == o.subscription)
    # P8: an implicit subscription is not undone by removing an explicit one
    return StepOutcome(after, known[0], f"remove_listener: {'still linked' if known in after.links() else 'unlinked'}")


def _unsubscribe(state: State, o: op.UnsubscribeConnectionFromThread, _: Call) -> StepOutcome:
    after = _without(state, lambda g: (g.thread, g.connection) == (o.thread, o.connection))
    linked = after is not state
    return StepOutcome(after, linked, f"unsubscribe_connection_from_thread: {'unlinked' if linked else 'not linked'}")


def _remove_thread_state(state: State, o: op.RemoveThreadState, _: Call) -> StepOutcome:
    entry = state.entry(o.thread)
    if entry is None:
        return StepOutcome(state, None, "remove_thread_state: no entry")
    after = _without(state, lambda g: g.thread == o.thread)
    after = replace(after, entries=_with_entry(state, o.thread, None))
    kind = "with a listener" if entry.conversation is not None else "without a listener"
    return StepOutcome(after, None, f"remove_thread_state: {kind}")


def _on_entry(act: Callable[[Entry, Any], tuple[Entry, object, str]]) -> Callable[[State, Any, Call], StepOutcome]:
    """The transition of a state operation: it changes the entry if the caller's state is still in the map, else nothing."""

    def transition(state: State, o: op.StateOperation, call: Call) -> StepOutcome:
        assert call.thread is not None, "a state operation is called on a state"
        entry = state.entry(call.thread)
        if entry is None or entry.incarnation != call.incarnation:
            return StepOutcome(state, Answer.ANY, f"{o.name}: state torn down")
        entry, answer, kind = act(entry, o)
        return StepOutcome(replace(state, entries=_with_entry(state, call.thread, entry)), answer, f"{o.name}: {kind}")

    return transition


def _state_set_listener(entry: Entry, o: op.StateSetListener) -> tuple[Entry, object, str]:
    kind = "first" if entry.conversation is None else "superseded"
    # P9: the turn shown belongs to the listener's conversation. Only a listener of the same conversation guarantees that; without one,
    # a late event of an earlier conversation may have opened the turn. So every other listener starts without a turn.
    turn = entry.turn if entry.conversation == o.conversation else None
    after = entry._replace(generation=entry.generation + 1, conversation=o.conversation, turn=turn)
    return after, after.generation, kind


def _state_clear_listener(entry: Entry, _: op.StateClearListener) -> tuple[Entry, object, str]:
    kind = "no listener" if entry.conversation is None else "cleared"
    return entry._replace(conversation=None, turn=None), None, kind


def _state_listener_matches(entry: Entry, o: op.StateListenerMatches) -> tuple[Entry, object, str]:
    matches = entry.conversation == o.conversation
    return entry, matches, "yes" if matches else "no"


def _state_track_event(entry: Entry, o: op.StateTrackEvent) -> tuple[Entry, object, str]:
    turn = {
        op.TurnEvent.TURN_STARTED: 0,
        op.TurnEvent.ITEM: None if entry.turn is None else entry.turn + 1,
        op.TurnEvent.TURN_COMPLETE: None,
    }[o.event]
    return entry._replace(turn=turn), turn, o.event.value if entry.turn is not None else f"{o.event.value}, no turn"


def _hold_state(entry: Entry, _: op.HoldState) -> tuple[Entry, object, str]:
    return entry, None, "held"


TRANSITIONS: dict[type[op.Operation], Callable[[State, Any, Call], StepOutcome]] = {
    op.ConnectionInitialized: _connection_initialized,
    op.RemoveConnection: _remove_connection,
    op.SubscribedConnectionIds: _subscribed_connection_ids,
    op.HasSubscribers: _has_subscribers,
    op.ThreadState: _thread_state,
    op.TryEnsureConnectionSubscribed: _try_ensure,
    op.TryAddConnectionToThread: _try_add,
    op.SetListener: _set_listener,
    op.RemoveListener: _remove_listener,
    op.UnsubscribeConnectionFromThread: _unsubscribe,
    op.RemoveThreadState: _remove_thread_state,
    op.StateSetListener: _on_entry(_state_set_listener),
    op.StateClearListener: _on_entry(_state_clear_listener),
    op.StateListenerMatches: _on_entry(_state_listener_matches),
    op.StateTrackEvent: _on_entry(_state_track_event),
    op.HoldState: _on_entry(_hold_state),
}
