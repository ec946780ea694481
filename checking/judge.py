"""Judges one run as it happens: looks after every step, keeps the causes of all that is wrong, and tells what it saw if asked.

The subject is whatever has `show()` and `locks()`; operations are called by the player of the program, which reports them here.
"""

import asyncio
from typing import Any

from checking import causes
from checking.causes import Cause
from checking.invariants import Invariants
from checking.nodes import EMPTY, Graph
from checking.observable import Observable, shows_of
from checking.refinement import Refinement, Took
from model.operations import Operation, RemoveConnection
from model.projection import Shown
from scheduling.loop import ControlledLoop
from scheduling.strategies.objects import Value


class Judge:
    """One run's judge. `violations` has every cause seen, with the number of the step at which it was first seen."""

    shows_by = "show"
    steps = 0  # this and the next three are on the class, since a judge is made for every run
    show_raised: Exception | None = None
    _seen_at_return = False
    _hidden = False  # the maps have not been shown since the last look

    def __init__(self, loop: ControlledLoop, subject: Observable, graph: Graph, fired: set[str], took: Took | None = None) -> None:
        self.violations: dict[Cause, int] = {}
        self.details: dict[Cause, str] = {}
        self.tasks: dict[int, int] = {}  # id of a running task -> its place in the program; tasks live as long as their run
        self._loop = loop
        self._subject = subject
        self._shows = shows_of(subject)
        if graph.first is None or not self._shows(graph.first):  # managers begin alike, so that a copy is seldom needed
            graph.first = subject.show()
        self.shown: Shown | None = graph.first
        self._refinement = Refinement(graph, self.shown, getattr(subject, "starts_as", EMPTY), fired.add, took)
        if loop.log is None:  # nobody listens: one call less for each operation
            self.called = self._refinement.called  # type: ignore[method-assign]  # it is the same but for the log
        self._invariants = Invariants()

    def __digested__(self) -> object:
        """What of this decides the rest of the run's judgement. At which step something was broken, and what is said of it, does not."""
        broken = Value(frozenset(self.violations))
        shown = self.shown if self._hidden else None  # otherwise it is what the subject shows now, and follows from it
        return broken, self.show_raised is not None, shown, self._refinement, self._invariants, self._seen_at_return, self._hidden

    def places(self, tasks: "list[asyncio.Task[None]]") -> list[tuple[int, "asyncio.Task[None]"]]:
        """The tasks with their places in the program, in that order."""
        return sorted(((self.tasks[id(task)], task) for task in tasks), key=lambda placed: placed[0])

    # --- what the player reports

    def called(self, task: int, operation: Operation) -> None:
        """`task` calls `operation`."""
        if self._loop.log is not None:
            self._loop.log.append(("calls", (operation, None)))
        self._refinement.called(task, operation)

    def returned(self, task: int, operation: Operation, answer: object, last: bool) -> None:
        """`operation` returned; `last`: the task will not run any more of the subject's code."""
        if self._loop.log is not None:
            self._loop.log.append(("answers", (operation, answer)))
        shown: Shown | None = None
        if not self._hidden:
            try:
                shown = self._refinement.returned_plainly(task, answer, self._shows)
            except Exception as error:  # as in `_look`
                self.show_raised = self.show_raised or error
        if shown is not None:
            self.shown = shown
        else:
            self._look(task, returning=True)
        if type(operation) is RemoveConnection:
            for broken in self._invariants.connection_closed(operation.connection, self.shown):
                self.violated(broken)
        if shown is None:
            cause = self._refinement.returned(task, answer)
            if cause is not None:
                self.violated(cause)
        self._seen_at_return = last

    def cancelled(self, task: int, operation: Operation) -> None:
        """`task`'s `operation` was cancelled."""
        self._tell("is cancelled in", operation)
        self._look_at_end(task)
        self._refinement.gone(task)

    def raised(self, task: int, operation: Operation, error: BaseException) -> None:
        """`operation` raised instead of returning."""
        self._tell(f"raises {type(error).__name__} in", operation)
        self._look_at_end(task)
        self._refinement.gone(task)
        self.violated(causes.raised(operation.name, error), f"{type(error).__name__}: {error}")

    def stepped(self) -> bool:
        """A step has run. Never asks to stop: a run is judged to its end."""
        self.steps += 1
        refinement = self._refinement
        task, refinement.caller = refinement.caller, None
        if self._seen_at_return:  # it ended with a return, after which nothing of the subject ran
            self._seen_at_return = False
            return False
        settled = task is not None and refinement.settled
        if task is None:
            callback: Any = self._loop.current._callback
            task = self.tasks.get(id(getattr(callback, "__self__", None)))
        try:
            unchanged = not self._hidden and self._shows(self.shown)
        except Exception as error:  # as in `_look`
            self.show_raised = self.show_raised or error
            return False
        if unchanged:
            if not settled:
                refinement.unchanged(task)
        else:
            self._look(task, returning=False)
        return False

    def violated(self, cause: Cause, detail: str = "") -> None:
        """Record `cause`, once, at the present step."""
        if cause not in self.violations:
            self.violations[cause] = self.steps
            self.details[cause] = detail

    def _tell(self, what: str, operation: Operation) -> None:
        if self._loop.log is not None:
            self._loop.log.append((what, (operation, None)))

    # --- looking

    def _look_at_end(self, task: int) -> None:
        """It has not returned, so what would change nothing that shows may have happened or not: it is not expected to."""
        try:
            unchanged = not self._hidden and self._shows(self.shown)
        except Exception as error:  # as in `_look`
            self.show_raised = self.show_raised or error
            return
        if unchanged:
            self._refinement.unchanged(task)
        else:
            self._look(task, returning=True)

    def _look(self, task: int | None, *, returning: bool) -> None:
        try:
            # nothing is copied where what shows is what was expected: most operations act right before they return
            acted = self._refinement.acted(task, self._shows)
            if acted is not None:
                self.shown, self._hidden = acted, False
                return
            if returning and not self._hidden and self._shows(self.shown):
                self._refinement.unchanged(task)
                return
            shown = self._subject.show()
        except Exception as error:  # not a finding: whoever shows the maps must be able to at any time
            self.show_raised = self.show_raised or error
            return
        if shown is None:
            self._hidden = True
            self._refinement.hidden(task)
            if not self._loop.ready and self._held_by_somebody():
                self.violated(causes.HELD_OUTSIDE)
        elif self._hidden or shown != self.shown:
            self._hidden = False
            self._changed(task, shown, returning=returning)
        else:
            self._refinement.unchanged(task)

    def _held_by_somebody(self) -> bool:
        manager_lock = self._subject.locks().get("M")
        return any(lock is manager_lock and task is not None and not task.done() for task, lock in self._loop.holding)

    def _changed(self, task: int | None, shown: Shown, *, returning: bool) -> None:
        before, self.shown = self.shown, shown
        cause = self._refinement.changed(task, shown, returning=returning)
        if cause is None and self._refinement.plain:
            return
        broken = self._invariants.broken(before, shown)
        for invariant in broken:
            self.violated(invariant)
        if cause is not None and not (broken and cause.property.name == "P8"):  # an invariant says it better
            self.violated(cause)
