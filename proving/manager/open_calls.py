"""The model with calls that take time: a configuration is a state with each caller's open call.

A call begins (and is bound to the incarnation that it sees), takes effect once, and returns; other actions may happen in between. So
P6 (overtaken by a teardown), P7 (answered) and P11 (cancelled) can be stated. All other operations happen whole, in one step. That
suffices: a call reads nothing of another call, so one open call among whole operations meets every state that it can meet among any
number of open calls.

The scope bounds the configurations (`proving.manager.scope`); `proving.manager.encoding` stores them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from subwarden.model.manager import operations as op
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Call, StepOutcome, begin, step
from subwarden.proving.manager.scope import Request

Step = Callable[[State, Call], StepOutcome | None]  # None: the call cannot take effect now; only planted defects return it


class Answered(Enum):
    """A call that has taken effect and not returned. No later step depends on its operation, so that is not kept."""

    ANSWERED = "answered"


OpenCall = Call | Answered | None


class ManagerConfiguration(NamedTuple):
    """A state, and the open call of each caller."""

    state: State
    callers: tuple[OpenCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """A request that begins, takes effect and returns in one step."""

    request: Request


@dataclass(frozen=True, slots=True)
class Begin:
    caller: int
    request: Request


@dataclass(frozen=True, slots=True)
class TakeEffect:
    caller: int


@dataclass(frozen=True, slots=True)
class Return:
    caller: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """The caller is cancelled. If its call has not taken effect, it never will; if it has, the effect stays (P11)."""

    caller: int


Action = Whole | Begin | TakeEffect | Return | Cancel

BEGUN = "call: begun"
RETURNED = "call: returned"
CANCELLED_BEFORE = "call: cancelled before its effect"
CANCELLED_AFTER = "call: cancelled after its effect"


class CallMoved(NamedTuple):
    """The result of one action. `call` is the call that took effect, None if none did."""

    configuration: ManagerConfiguration
    answer: object
    kind: str
    call: Call | None = None


def call_of(state: State, request: Request) -> Call | None:
    """`request` as a call made in `state`. None: it needs the state of a thread that has none."""
    if request.thread is None:
        assert not isinstance(request.operation, op.StateOperation), "a state operation needs the thread of its state"
        return begin(state, request.operation)
    entry = state.entry(request.thread)
    return None if entry is None else Call(request.operation, entry.incarnation, request.thread)


def move(configuration: ManagerConfiguration, action: Action, step: Step = step) -> CallMoved | None:
    """The result of `action` in `configuration`; None: it is not enabled. `step`: the model's transition function, or a planted defect."""
    if isinstance(action, Whole):
        call = call_of(configuration.state, action.request)
        outcome = None if call is None else step(configuration.state, call)
        return (
            None
            if outcome is None
            else CallMoved(ManagerConfiguration(outcome.state, configuration.callers), outcome.answer, outcome.kind, call)
        )
    held = configuration.callers[action.caller]
    if isinstance(action, Begin):
        call = call_of(configuration.state, action.request) if held is None else None
        return None if call is None else CallMoved(_with_caller(configuration, action.caller, call), None, BEGUN)
    if isinstance(action, TakeEffect):
        outcome = step(configuration.state, held) if isinstance(held, Call) else None
        if outcome is None or not isinstance(held, Call):
            return None
        after = _with_caller(ManagerConfiguration(outcome.state, configuration.callers), action.caller, Answered.ANSWERED)
        return CallMoved(after, outcome.answer, outcome.kind, held)
    if held is None or (isinstance(action, Return) and held is not Answered.ANSWERED):
        return None
    kind = RETURNED if isinstance(action, Return) else CANCELLED_AFTER if held is Answered.ANSWERED else CANCELLED_BEFORE
    return CallMoved(_with_caller(configuration, action.caller, None), None, kind)


def _with_caller(configuration: ManagerConfiguration, caller: int, held: OpenCall) -> ManagerConfiguration:
    callers = (*configuration.callers[:caller], held, *configuration.callers[caller + 1 :])
    return ManagerConfiguration(configuration.state, callers)
