"""Judges one run as it happens: looks after every step, keeps the causes of all that is wrong, and tells what it saw if asked.

The subject is whatever has `show()` and `locks()`; operations are called by the player of the program, which reports them here.
"""

import asyncio
from typing import Any

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.manager.graph import EMPTY, ManagerGraph
from subwarden.checking.manager.invariants import Invariants
from subwarden.checking.manager.refinement import Refinement, Took
from subwarden.checking.observable import Observable, shows_of
from subwarden.model.manager.operations import Operation, RemoveConnection
from subwarden.model.manager.projection import Shown
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.state_search.objects import Value


class ManagerJudge(Refinement):
    """One run's judge: the refinement, and somebody who looks at every step.

    `violations` has every cause seen, with the number of the step at which it was first seen.
    """

    __slots__ = (
        *("_hidden", "_invariants", "_loop", "_seen_at_return", "_shows", "_subject"),
        *("details", "show_raised", "shown", "steps", "tasks", "violations"),
    )
    shows_by = "show"

    def __init__(self, loop: ControlledLoop, subject: Observable, graph: ManagerGraph, fired: set[str], took: Took | None = None) -> None:
        self.violations: dict[Cause, int] = {}
        self.details: dict[Cause, str] = {}
        self.tasks: dict[int, int] = {}  # id of a running task -> its place in the program; tasks live as long as their run
        self.steps = 0
        self.show_raised: Exception | None = None
        self._seen_at_return = False
        self._hidden = False  # the maps have not been shown since the last look
        self._loop = loop
        self._subject = subject
        self._shows = shows = shows_of(subject)
        self.shown: Shown | None = None
        try:
            if graph.first is None or not shows(graph.first):  # managers begin alike, so that a copy is seldom needed
                graph.first = subject.show()
            self.shown = graph.first
        except Exception as error:  # as in `_look`
            self.show_raised = error
        self._invariants = Invariants()
        super().__init__(graph, self.shown, getattr(subject, "starts_as", EMPTY), fired.add, took)

    def digest_parts(self) -> object:
        """What of this decides the rest of the run's judgement. At which step something was broken, and what is said of it, does not."""
        broken = Value(frozenset(self.violations))
        shown = self.shown if self._hidden else None  # otherwise it is what the subject shows now, and follows from it
        return broken, self.show_raised is not None, shown, self.followed(), self._invariants, self._seen_at_return, self._hidden

    def places(self, tasks: "list[asyncio.Task[None]]") -> list[tuple[int, "asyncio.Task[None]"]]:
        """The tasks with their places in the program, in that order."""
        return sorted(((self.tasks[id(task)], task) for task in tasks), key=lambda placed: placed[0])

    # --- what the player reports

    def returned(self, task: int, operation: Operation, answer: object, last: bool) -> None:
        """`operation` returned; `last`: the task will not run any more of the subject's code."""
        end = None if self._hidden else self.plain_end(task, answer)
        if end is not None:
            shown = end.node.shown
            try:
                if shown is None or not self._shows(shown):
                    end = None
            except Exception as error:  # as in `_look`
                self.show_raised = self.show_raised or error
                end = None
        if end is not None:
            self.shown = shown
            self.ended(task, end)
        else:
            self._look(task, returning=True)
        if type(operation) is RemoveConnection:
            for broken in self._invariants.connection_closed(operation.connection, self.shown):
                self.violated(broken)
        if end is None:
            cause = self.answered(task, answer)
            if cause is not None:
                self.violated(cause)
        self._seen_at_return = last

    def cancelled(self, task: int, operation: Operation) -> None:
        """`task`'s `operation` was cancelled."""
        self._look_at_end(task)
        self.gone(task)

    def raised(self, task: int, operation: Operation, error: BaseException) -> None:
        """`operation` raised instead of returning."""
        self._look_at_end(task)
        self.gone(task)
        self.violated(causes.raised(operation.name, error), f"{type(error).__name__}: {error}")

    def stepped(self) -> bool:
        """A step has run. Never asks to stop: a run is judged to its end."""
        self.steps += 1
        task, self.caller = self.caller, None
        if self._seen_at_return:  # it ended with a return, after which nothing of the subject ran
            self._seen_at_return = False
            return False
        try:
            unchanged = not self._hidden and self._shows(self.shown)
        except Exception as error:  # as in `_look`
            self.show_raised = self.show_raised or error
            return False
        if task is None:
            callback: Any = self._loop.current._callback
            task = self.tasks.get(id(getattr(callback, "__self__", None)))
        elif unchanged and self.settled:
            return False
        if unchanged:
            self.unchanged(task)
        else:
            self._look(task, returning=False)
        return False

    def violated(self, cause: Cause, detail: str = "") -> None:
        """Record `cause`, once, at the present step."""
        if cause not in self.violations:
            self.violations[cause] = self.steps
            self.details[cause] = detail

    # --- looking

    def _look_at_end(self, task: int) -> None:
        """It has not returned, so what would change nothing that shows may have happened or not: it is not expected to."""
        try:
            unchanged = not self._hidden and self._shows(self.shown)
        except Exception as error:  # as in `_look`
            self.show_raised = self.show_raised or error
            return
        if unchanged:
            self.unchanged(task)
        else:
            self._look(task, returning=True)

    def _look(self, task: int | None, *, returning: bool) -> None:
        try:
            # nothing is copied where what shows is what was expected: most operations act right before they return
            acted = self.acted(task, self._shows)
            if acted is not None:
                self.shown, self._hidden = acted, False
                return
            if returning and not self._hidden and self._shows(self.shown):
                self.unchanged(task)
                return
            shown = self._subject.show()
        except Exception as error:  # not a finding: whoever shows the maps must be able to at any time
            self.show_raised = self.show_raised or error
            return
        if shown is None:
            self._hidden = True
            self.hidden(task)
            if not self._loop.ready and self._held_by_somebody():
                self.violated(causes.HELD_OUTSIDE)
        elif self._hidden or shown != self.shown:
            self._hidden = False
            self._changed(task, shown, returning=returning)
        else:
            self.unchanged(task)

    def _held_by_somebody(self) -> bool:
        manager_lock = self._subject.locks().get("M")
        return any(lock is manager_lock and task is not None and not task.done() for task, lock in self._loop.holding)

    def _changed(self, task: int | None, shown: Shown, *, returning: bool) -> None:
        before, self.shown = self.shown, shown
        cause = self.changed(task, shown, returning=returning)
        if cause is None and self.plain:
            return
        broken = self._invariants.broken(before, shown)
        for invariant in broken:
            self.violated(invariant)
        if cause is not None and not (broken and cause.property.name == "P8"):  # an invariant says it better
            self.violated(cause)
