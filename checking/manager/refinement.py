"""Online refinement: after every step the observed state is the model's, by zero or one visible model action.

Linear in the steps, and it names the step where manager and model part. An operation takes effect at most once, in a step of its own
task, between its call and its return; a cancelled one has taken effect or never will.

This file walks a run from one `ManagerStates` to the next (`checking.manager.possible_states`). Nearly all its time goes into comparing
the observed maps.
"""

from collections.abc import Callable

from subwarden.checking.causes import Cause
from subwarden.checking.manager.graph import ManagerGraph, ManagerNode
from subwarden.checking.manager.pending import PendingCall, agrees
from subwarden.checking.manager.possible_states import CallEnd, ManagerStates, Move, start
from subwarden.model.manager.operations import Operation
from subwarden.model.manager.projection import Shown
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Answer, Call
from subwarden.scheduling.state_search.objects import Value

Took = Callable[[ManagerNode, Call], object]


class Refinement:
    """Follows one run. Its methods are called as the run happens; they return the cause of a violation, or None.

    `shown`: the manager's first observation, whose state is `starts_as`.
    """

    __slots__ = ("_at", "_fired", "_handles", "_pending", "_took", "caller", "plain", "settled")  # made and read in every run

    def __init__(
        self, graph: ManagerGraph, shown: Shown | None, starts_as: State, fired: Callable[[str], object], took: Took | None = None
    ) -> None:
        self._at: ManagerStates = start(graph, starts_as, shows_live=shown is not None and shown.live is not None)
        self._pending: dict[int, PendingCall] = {}
        self._handles: dict[int, Call] = {}
        self._fired = fired
        self._took = took  # called with every transition and its source state; None in most runs
        self.plain = True  # after `changed`: the maps are exactly those of a model state, so every invariant on them holds
        self.caller: int | None = None  # the task that made a call in the current step
        self.settled = False  # that call needs no further judging if the view is unchanged after the step

    def followed(self) -> Value:
        """The part that decides the rest of the run's judgement, by value. Fired kinds are left out: they are counted over all runs."""
        pending = tuple((task, pending.digested()) for task, pending in sorted(self._pending.items()))
        return Value((self._at.digested(), pending, tuple(sorted(self._handles.items()))))

    def called(self, task: int, operation: Operation) -> None:
        """`task` calls `operation`; a state operation acts on the state that the task received last."""
        at = self._at
        known = at.called.get((task, id(operation))) or at.after_call(task, operation, self._handles.get(task))
        self._pending[task], self.settled = known
        self.caller = task

    def unchanged(self, task: int | None) -> None:
        """A step of `task` (None: of a task that plays no operation) has run and the view has not changed."""
        if task not in self._pending:
            return
        pending, at = self._pending[task], self._at
        move = pending.quiet.get(at) or at.after_quiet_step(task, pending)
        if move.pending is not pending or move.fired:
            self._go(task, move)

    def hidden(self, task: int | None) -> None:
        """A step of `task` has run while the maps could not be observed: its operation may have taken effect."""
        if task in self._pending:
            self._go(task, self._at.after_hidden_step(task, self._pending[task]))

    def acted(self, task: int | None, shows: Callable[[Shown], bool]) -> Shown | None:
        """Try the maps that earlier runs observed after `task`'s operation took effect. `shows` compares with the present maps.

        If one matches, the operation has taken effect: returns the maps. None: no match, and nothing has been recorded.
        """
        if task not in self._pending:
            return None
        pending, at = self._pending[task], self._at
        ways = pending.visible.get(at)
        for node in at.visible_acts(task, pending) if ways is None else ways:
            shown = node.shown
            if shown is not None and shows(shown):
                self._go(task, pending.acted.get((at, node)) or at.after_act(task, pending, node))
                return shown
        return None

    def plain_end(self, task: int, answer: object) -> CallEnd | None:
        """The end of `task`'s operation if it takes effect in the step in which it returns `answer`; None where others are possible."""
        pending = self._pending[task]
        try:
            end = pending.ends[self._at]
        except KeyError:
            end = self._at.end_of(task, pending)
        return end if end is not None and (answer is end.owed or agrees(answer, end.owed)) else None

    def ended(self, task: int, end: CallEnd) -> None:
        """`task`'s operation has ended by `end`, and the view is that of `end.node`."""
        self._at = end.to
        del self._pending[task]
        self._fired(end.kind)
        if self._took is not None:
            self._took(*end.took)
        if end.handle is not None:
            self._handles[task] = end.handle

    def changed(self, task: int | None, shown: Shown, *, returning: bool) -> Cause | None:
        """A step of `task` has changed the maps to `shown`; `returning`: its operation is about to return."""
        move = self._at.after_change(task, None if task is None else self._pending.get(task), shown, returning=returning)
        self._go(task, move)
        self.plain = move.to.judged.live and move.to.configurations[0].node.shown is shown
        return move.cause

    def answered(self, task: int, answer: object) -> Cause | None:
        """`task`'s operation returned `answer`, in the model's terms. Call `changed` or `unchanged` first."""
        pending, at = self._pending.pop(task), self._at
        for known, right in pending.answered.get(at, ()):
            if answer is known or (answer == known and type(answer) is type(known)):
                move: Move = right
                break
        else:
            move = at.after_answer(task, pending, answer)
        self._go(task, move)
        if answer is Answer.HANDLE:
            self._handles[task] = pending.handle()
        return move.cause

    def gone(self, task: int) -> None:
        """`task`'s operation was cancelled or raised: it has taken effect or it never will."""
        if self._pending.pop(task, None) is not None:
            self._at = self._at.without(task)

    def _go(self, task: int | None, move: Move) -> None:
        self._at = move.to
        if task is not None and move.pending is not None:
            self._pending[task] = move.pending
        for kind in move.fired:
            self._fired(kind)
        if self._took is not None:
            for node, call in move.took:
                self._took(node, call)
