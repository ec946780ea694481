"""Planted defects: the model with one rule wrong, to show that a proof finds it. The TLA+ twin has each defect by the same name.

Only tests and benchmarks import this file.
"""

from dataclasses import replace

from subwarden.model.manager import operations as op
from subwarden.model.manager.state import State
from subwarden.model.manager.step import TRANSITIONS, Answer, Call, StepOutcome, step
from subwarden.proving.manager.open_calls import Step


def _close_is_not_final(state: State, call: Call) -> StepOutcome:
    return step(replace(state, closed=frozenset()), call) if isinstance(call.operation, op.ConnectionInitialized) else step(state, call)


def _revived(state: State, call: Call) -> StepOutcome:
    """A closed connection becomes live again, as in the source document."""
    outcome = _close_is_not_final(state, call)
    return outcome._replace(state=replace(outcome.state, closed=state.closed | outcome.state.closed))


def _no_live_check(state: State, call: Call) -> StepOutcome:
    """`set_listener` does not check that its connection is live, as in the source document."""
    if not isinstance(call.operation, op.SetListener):
        return step(state, call)
    outcome = step(replace(state, live=state.live | {call.operation.connection}), call)
    return outcome._replace(state=replace(outcome.state, live=state.live))


def _ids_left(state: State, call: Call) -> StepOutcome:
    """A teardown does not drop the explicit ids."""
    outcome = step(state, call)
    if not isinstance(call.operation, op.RemoveThreadState):
        return outcome
    left = frozenset(g for g in state.grants if g.thread == call.operation.thread and g.subscription is not None)
    return outcome._replace(state=replace(outcome.state, grants=outcome.state.grants | left))


def _id_in_two_places(state: State, call: Call) -> StepOutcome:
    """An id recorded for a second pair stays on the first, as in the source document's links."""
    outcome = step(state, call)
    if not isinstance(call.operation, op.SetListener) or outcome.answer is not Answer.HANDLE:
        return outcome
    left = frozenset(g for g in state.grants if g.subscription == call.operation.subscription)
    kept = {(g.thread, g.connection) for g in left} - {(call.operation.thread, call.operation.connection)}
    raw = outcome.state.raw | frozenset(p for p in state.raw if p in kept)
    return outcome._replace(state=replace(outcome.state, grants=outcome.state.grants | left, raw=raw))


def _resurrects(state: State, call: Call) -> StepOutcome:
    """`try_add_connection_to_thread` does not notice that the entry it was called on has been torn down."""
    if isinstance(call.operation, op.TryAddConnectionToThread):
        return TRANSITIONS[op.TryAddConnectionToThread](state, call.operation, replace(call, incarnation=None))
    return step(state, call)


def _never_answers(state: State, call: Call) -> StepOutcome | None:
    """A call that a teardown has overtaken waits forever."""
    outcome = step(state, call)
    return None if "overtaken" in outcome.kind else outcome


def _late_turn_kept(state: State, call: Call) -> StepOutcome:
    """A listener set on an entry without one keeps the turn that a late event opened there, as in the source document."""
    outcome = step(state, call)
    was = None if call.thread is None else state.entry(call.thread)
    if was is None or outcome.kind != "state_set_listener: first":
        return outcome
    entries = tuple((t, entry._replace(turn=was.turn) if t == call.thread else entry) for t, entry in outcome.state.entries)
    return outcome._replace(state=replace(outcome.state, entries=entries))


DEFECTS: dict[str, Step] = {
    "closed connection revived": _revived,
    "set_listener without live check": _no_live_check,
    "teardown leaves ids": _ids_left,
    "id in two places": _id_in_two_places,
    "overtaken call resurrects": _resurrects,
    "overtaken call never answered": _never_answers,
    "first listener keeps a turn": _late_turn_kept,
}
