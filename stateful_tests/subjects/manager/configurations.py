"""The model beside one run, for a script to say what should have shown: as many of its states as the run leaves open.

Unlike `checking.manager.refinement` it does not judge: a run that the model cannot follow is known to be wrong already, and here it is
only asked what would have been right. It refuses to be fast.
"""

from typing import NamedTuple

from subwarden.checking.manager.pending import agrees
from subwarden.model.manager.operations import MANAGER_OPERATIONS, Operation
from subwarden.model.manager.projection import View, view
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Answer, Call, begin, step

OPEN = object()  # the answer of a call that has not acted


class ShownConfiguration(NamedTuple):
    """One state that the model may be in; `calls`: task, call and answer of what has not returned; `handles`: the states tasks have."""

    state: State
    calls: tuple[tuple[int, Call, object], ...] = ()
    handles: tuple[tuple[int, int | None, int], ...] = ()  # task, incarnation, thread

    def called(self, task: int, operation: Operation) -> "ShownConfiguration":
        """This world after `task` has called `operation`."""
        if isinstance(operation, MANAGER_OPERATIONS):
            call = begin(self.state, operation)
        else:  # 0 is no incarnation: where the model gave no state, it does nothing
            _, incarnation, thread = next((h for h in self.handles if h[0] == task), (task, 0, 0))
            call = Call(operation, incarnation, thread)
        return self._replace(calls=(*self.gone(task).calls, (task, call, OPEN)))

    def acted(self, task: int) -> "ShownConfiguration | None":
        """This world with the open call of `task` having acted just now. None: it has acted before, or there is none."""
        call = next((call for who, call, answer in self.calls if who == task and answer is OPEN), None)
        if call is None:
            return None
        outcome = step(self.state, call)
        handles = self.handles
        if outcome.answer is Answer.HANDLE:
            thread: int = getattr(call.operation, "thread")  # noqa: B009  # all that return a state name one
            entry = outcome.state.entry(thread)
            assert entry is not None
            handles = (*(h for h in handles if h[0] != task), (task, entry.incarnation, thread))
        return ShownConfiguration(outcome.state, (*self.gone(task).calls, (task, call, outcome.answer)), handles)

    def answer(self, task: int) -> object:
        """What the call of `task` answers; OPEN if it has not acted."""
        return next((answer for who, _, answer in self.calls if who == task), OPEN)

    def gone(self, task: int) -> "ShownConfiguration":
        """This world without a call of `task`."""
        return self._replace(calls=tuple(c for c in self.calls if c[0] != task))


class ShownConfigurations:
    """All that are possible after what has been told."""

    def __init__(self) -> None:
        self.open = [ShownConfiguration(State())]

    def called(self, task: int, operation: Operation) -> None:
        """`task` calls `operation`."""
        self.open = [w.called(task, operation) for w in self.open]

    def may_act(self, task: int | None) -> list[ShownConfiguration]:
        """Those open now, and those in which a step of `task` has acted."""
        return self.open if task is None else [*self.open, *self._after(task)]

    def must_have_acted(self, task: int) -> list[ShownConfiguration]:
        """Those in which the call of `task` has acted, before or just now."""
        return [w for w in self.open if w.answer(task) is not OPEN] + self._after(task)

    def looked(self, worlds: list[ShownConfiguration], seen: View | None) -> None:
        """Go on with those of `worlds` that look like what is `seen` (None: it could not be seen), or with all if none does."""
        same = [w for w in worlds if seen is None or masked(view(w.state), seen) == seen]
        self.open = list(dict.fromkeys(same or worlds))

    def returned(self, task: int, answer: object, seen: View | None) -> None:
        """The call of `task` has returned."""
        acted = self.must_have_acted(task) or self.open
        agreeing = [w for w in acted if agrees(answer, w.answer(task))] or acted
        self.looked([w.gone(task) for w in agreeing], seen)

    def gone(self, task: int, seen: View | None) -> None:
        """The call of `task` was cancelled, or raised."""
        self.looked([w.gone(task) for w in self.may_act(task)], seen)

    def _after(self, task: int) -> list[ShownConfiguration]:
        return [after for w in self.open if (after := w.acted(task)) is not None]


def masked(model: View, seen: View) -> View:
    """`model` without what a manager that shows `seen` does not show."""
    return model._replace(live=None) if seen.live is None else model
