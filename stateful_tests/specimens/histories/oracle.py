"""The oracle of linearizability: every order of every choice of calls. It is slow and short, and shares no code with the search.

It knows only the models' step functions and the definition: a call takes effect once between its call and its end, a call without an
answer may never take effect, and a call of the manager level is bound at the moment of its call. Its one optimisation is a memo of the
situations from which no order exists.
"""

from collections.abc import Hashable

from subwarden.checking.linearizability.history import CallEnding, HistoryCall, Moment
from subwarden.checking.linearizability.specification import UNJUDGED
from subwarden.model.core import step as core
from subwarden.model.manager import operations as op
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Answer, begin, step
from subwarden.model.manager.step import Call as Bound


def brute_force(history: list[Moment], manager: bool) -> bool:
    """Whether some order of the calls, effects and ends explains every answer. `manager`: the model, else the core model."""
    return _Order(history, manager).some({}, State() if manager else core.CoreState(), {}, 0, frozenset(), frozenset())


class _Order:
    def __init__(self, history: list[Moment], manager: bool) -> None:
        self.history = history
        self.manager = manager
        self.no: set[Hashable] = set()

    def some(
        self,
        bound: dict[HistoryCall, Bound],
        state: object,
        held: dict[str, Bound],
        n: int,
        made: frozenset[HistoryCall],
        done: frozenset[HistoryCall],
    ) -> bool:
        """Whether there is an order from here, at moment `n`. `made`: calls bound so far; `done`: those that took effect."""
        everything = (frozenset(bound.items()), state, frozenset(held.items()), n, made, done)
        if everything in self.no:
            return False
        if self._some(bound, state, held, n, made, done):
            return True
        self.no.add(everything)
        return False

    def _some(
        self,
        bound: dict[HistoryCall, Bound],
        state: object,
        held: dict[str, Bound],
        n: int,
        made: frozenset[HistoryCall],
        done: frozenset[HistoryCall],
    ) -> bool:
        if n == len(self.history):
            return True
        moment = self.history[n]
        for call in moment.calls:  # some call of this moment is made next
            if call not in made and self.some({**bound, call: self._bind(state, call, held)}, state, held, n, made | {call}, done):
                return True
        for call in made - done:  # or some call takes effect next
            ended = call.fate.at is not None and call.fate.at < moment.at
            if ended:
                continue
            after, answer, holds = self._effect(state, bound[call])
            if self._right(call, answer):
                now = {**held, call.task: holds} if call.task and holds and call.fate.answer is Answer.HANDLE else held
                if self.some(bound, after, now, n, made, done | {call}):
                    return True
        if any(call not in made for call in moment.calls):
            return False
        if any(call not in done and call.fate.end is CallEnding.RETURNED for call in moment.ends):
            return False
        return self.some(bound, state, held, n + 1, made, done)

    def _bind(self, state: object, call: HistoryCall, held: dict[str, Bound]) -> Bound:
        if not self.manager:
            return Bound(call.operation)
        assert isinstance(state, State)
        if isinstance(call.operation, op.STATE_OPERATIONS):
            assert call.task is not None
            return Bound(call.operation, held[call.task].incarnation, held[call.task].thread)
        return begin(state, call.operation)

    def _effect(self, state: object, call: Bound) -> tuple[object, object, Bound | None]:
        if not self.manager:
            assert isinstance(state, core.CoreState)
            after = core.core_step(state, call.operation)  # type: ignore[arg-type]  # the other model's operation
            return after.state, after.answer, None
        assert isinstance(state, State)
        outcome = step(state, call)
        thread = getattr(call.operation, "thread", None)
        entry = None if thread is None else outcome.state.entry(thread)
        return outcome.state, outcome.answer, None if entry is None else Bound(call.operation, entry.incarnation, thread)

    def _right(self, call: HistoryCall, answer: object) -> bool:
        wanted = call.fate.answer
        return wanted is UNJUDGED or answer is Answer.ANY or (answer == wanted and type(answer) is type(wanted))
