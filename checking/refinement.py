"""Online refinement: after every step the observed state is the model's, by zero or one visible model action.

Linear in the steps, and it names the step where manager and model part. An operation acts at most once, in a step of its own task,
between its call and its return; a cancelled one has acted or not.

This file follows runs in which it is plain what has happened, which is nearly all of them, and pays for little else than comparing
what shows. Where more than one thing may have happened, or something is wrong, it hands over to `checking.worlds` for the rest of the
run.
"""

from collections.abc import Callable

from checking.causes import Cause
from checking.nodes import EMPTY, Edge, Graph
from checking.pending import NO_ANSWER_YET, Pending, agrees
from checking.worlds import Took, Worlds
from model.operations import STATE_OPERATIONS, Operation
from model.projection import Shown, disagreements, project
from model.state import State
from model.step import Answer, Call
from scheduling.strategies.objects import Value

STATE_KINDS = frozenset(STATE_OPERATIONS)
HANDLE = Answer.HANDLE  # asked for at every return, and ten times as dear to read from its class


class Refinement:
    """Follows one run. Its methods are called as things happen; they tell the cause of a violation, or None."""

    def __init__(
        self, graph: Graph, fired: Callable[[str], object], *, shows_live: bool, took: Took | None = None, starts_as: State = EMPTY
    ) -> None:
        self.plain = shows_live  # what shows is exactly what the model's state shows, so that every invariant on it holds
        self._node = graph.initial(starts_as)
        self._graph = graph
        self._fired = fired
        self._took = took  # told of every transition, with the state it was taken in; most runs are not asked
        self._pending: dict[int, Pending] = {}
        self._handles: dict[int, Call] = {}
        self.caller: int | None = None  # who has called in the step that runs, and how far that is judged already: for the judge's eyes
        self.settled = False  # nothing is left to note for the call, if nothing shows when the step has run
        # a manager that hides a part of the state is compared part by part, which the worlds do
        self._worlds: Worlds | None = None if shows_live else Worlds(self._node, {}, fired, shows_live=False, took=took)

    def __digested__(self) -> Value:
        """What of this decides the rest of the run's judgement. What fired is told of all runs together."""
        pending = tuple((task, pending.digested()) for task, pending in sorted(self._pending.items()))
        worlds = None if self._worlds is None else self._worlds.digested()
        return Value((self.plain, self._node.state, pending, tuple(sorted(self._handles.items())), worlds))

    def called(self, task: int, operation: Operation) -> None:
        """`task` calls `operation`; a state operation acts on the state that the task was last given."""
        worlds = self._worlds
        node = self._node if worlds is None else worlds.node
        self.caller = task
        if type(operation) in STATE_KINDS:
            handle = self._handles[task]
            call = self._graph.call(Call(operation, handle.incarnation, handle.thread))
            self._pending[task] = Pending(operation, call)
            self.settled = False
            return
        opening = node.begun.get(id(operation)) or node.begin(operation)  # type: ignore[arg-type]  # it is the manager's
        _, call, silent, settled = opening
        pending = self._pending[task] = Pending(operation, call)
        if settled and worlds is None:
            self.settled = True
            pending.asked = node
            if silent:
                pending.may_answer(silent[0])
        else:
            self.settled = False

    def unchanged(self, task: int | None) -> None:
        """A step of `task` (None: of none that is ours) has run and nothing that shows has changed."""
        if task not in self._pending:
            return
        pending = self._pending[task]
        if self._worlds is not None:
            self._worlds.unchanged(task, pending)
            return
        node = self._node
        if pending.asked is node or pending.owed is not NO_ANSWER_YET:
            return
        pending.asked = node
        call = pending.call
        edge = node.edges.get(id(call)) or node.step(call)
        if edge.silent:
            pending.may_answer(edge)
        elif edge.unseen or edge.only_raw:  # it may have acted, wholly or but for its raw choice
            self._hand_over().unchanged(task, pending)

    def hidden(self, task: int | None) -> None:
        """A step of `task` has run while the maps are not shown: whatever its operation may have done will be seen later."""
        pending = self._pending.get(task) if task is not None else None
        if pending is not None and task is not None:
            self._hand_over().hidden(task, pending)

    def acted(self, task: int | None, shows: Callable[[Shown], bool]) -> Shown | None:
        """Where what shows now is known from earlier runs to be what `task`'s operation leaves when it acts: it has acted.

        Returns what shows then. None: that is not what shows, or it is not known; nothing has been noted.
        """
        pending = self._pending.get(task) if task is not None else None
        if pending is None or task is None or pending.owed is not NO_ANSWER_YET:
            return None
        if self._worlds is not None:
            return self._worlds.acted(task, pending, shows)
        edge = self._node.step(pending.call)
        shown = edge.node.shown
        if shown is None or not shows(shown):
            return None
        self._acts(task, pending, edge)
        return shown

    def _acts(self, task: int, pending: Pending, edge: Edge) -> None:
        """`pending` has acted by `edge`, unless it may as well have done nothing."""
        if edge.silent or (edge.unseen and pending.silent):
            self.unchanged(task)
            return
        self._fired(edge.kind)
        if self._took is not None:
            self._took(self._node, pending.call)
        pending.act(edge)
        self._node = edge.node

    def returned_plainly(self, task: int, answer: object, shows: Callable[[Shown], bool]) -> Shown | None:
        """`acted` and `returned` at once, for the most common end of a call: it acts in the step in which it returns.

        Returns what shows then. None: that is not how it ended, or it is not plain; nothing has been noted, so ask one by one.
        """
        if self._worlds is not None:
            return None
        pending = self._pending[task]
        node, call = self._node, pending.call
        if pending.owed is not NO_ANSWER_YET:
            return None
        edge = node.edges.get(id(call)) or node.step(call)
        after, owed, kind, silent, unseen, _ = edge
        shown = after.shown
        if shown is None or not (answer is owed or agrees(answer, owed)) or not shows(shown):
            return None
        if silent:
            if pending.silent and (len(pending.silent) > 1 or pending.silent[0] is not edge):
                return None  # it may as well have answered before
        elif unseen and pending.silent:
            return None
        else:
            self._node = after
        self._fired(kind)
        if self._took is not None:
            self._took(node, call)
        del self._pending[task]
        if answer is HANDLE:
            pending.keep_handle(edge)
            self._handles[task] = Call(pending.operation, pending.incarnation, call.thread or pending.thread())
        return shown

    def changed(self, task: int | None, shown: Shown, *, returning: bool) -> Cause | None:
        """A step of `task` has changed what shows to `shown`; `returning`: its operation is about to return."""
        pending = self._pending.get(task) if task is not None else None
        if self._worlds is None and task is not None and pending is not None and pending.owed is NO_ANSWER_YET:
            edge = self._node.step(pending.call)
            node = edge.node
            if project(shown) == node.view and not disagreements(shown):
                node.shown = shown
                self._acts(task, pending, edge)
                return None
        return self._hand_over().changed(task, pending, shown, returning=returning)

    def returned(self, task: int, answer: object) -> Cause | None:
        """`task`'s operation returned `answer`, as the model would put it. Call `changed` or `unchanged` first."""
        pending = self._pending.pop(task)
        cause: Cause | None = None
        if self._worlds is not None:
            cause = self._worlds.returned(task, pending, answer)
        else:
            owed = pending.owed
            if owed is NO_ANSWER_YET:
                for edge in pending.silent:
                    if agrees(answer, edge.answer):
                        self._fired(edge.kind)
                        if self._took is not None:
                            self._took(edge.node, pending.call)
                        break
                else:
                    self._pending[task] = pending
                    cause = self._hand_over().returned(task, pending, answer)
                    del self._pending[task]
            elif answer is not owed and not agrees(answer, owed):
                self._pending[task] = pending
                cause = self._hand_over().returned(task, pending, answer)
                del self._pending[task]
        if answer is HANDLE:
            self._handles[task] = Call(pending.operation, pending.incarnation, pending.call.thread or pending.thread())
        return cause

    def gone(self, task: int) -> None:
        """`task`'s operation was cancelled, or raised: it has acted or it has not; it will not act any more."""
        self._pending.pop(task, None)
        if self._worlds is not None:
            self._worlds.gone(task)

    def _hand_over(self) -> Worlds:
        if self._worlds is None:
            self._worlds = Worlds(self._node, self._pending, self._fired, shows_live=True, took=self._took)
            self.plain = False
        return self._worlds
