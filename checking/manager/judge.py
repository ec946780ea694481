"""Judges one run as it happens: compares the maps with the model after every step, and records the causes and their evidence.

The subject has `show()` and `locks()`. The play of the program calls the operations, and tells the judge of calls, returns and steps.
"""

import asyncio
from typing import Any

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.manager.evidence import Evidence, wrong_maps, wrong_return, wrong_view
from subwarden.checking.manager.graph import EMPTY, ManagerGraph
from subwarden.checking.manager.invariants import Invariants
from subwarden.checking.manager.pending import PendingCall
from subwarden.checking.manager.possible_states import ManagerStates
from subwarden.checking.manager.refinement import Refinement, Took
from subwarden.checking.observable import Observable, shows_of
from subwarden.checking.place import told
from subwarden.checking.recording import Recording
from subwarden.model.manager.operations import Operation, RemoveConnection
from subwarden.model.manager.projection import Shown, View
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.state_search.objects import Value


class ManagerJudge(Recording, Refinement):
    """One run's judge: the refinement, with an observation of the maps after every step."""

    __slots__ = (
        *("_hidden", "_invariants", "_loop", "_seen_at_return", "_shows", "_subject"),
        *("details", "evidence", "parted", "show_raised", "shown", "steps", "tasks", "violations"),
    )
    shows_by = "show"

    def __init__(self, loop: ControlledLoop, subject: Observable, graph: ManagerGraph, fired: set[str], took: Took | None = None) -> None:
        self.violations: dict[Cause, int] = {}
        self.details: dict[Cause, str] = {}
        self.evidence: dict[Cause, Evidence] = {}
        self.parted: frozenset[View] | None = None  # the views that the model allowed when the manager left it
        self.tasks: dict[int, int] = {}  # id of a running task -> its place in the program; a task lives as long as its run
        self.steps = 0
        self.show_raised: Exception | None = None
        self._seen_at_return = False
        self._hidden = False  # the last observation found the maps hidden
        self._loop = loop
        self._subject = subject
        self._shows = shows = shows_of(subject)
        self.shown: Shown | None = None
        try:
            if graph.first is None or not shows(graph.first):  # managers begin alike, so a copy is seldom needed
                graph.first = subject.show()
            self.shown = graph.first
        except Exception as error:  # as in `_look`
            self.show_raised = error
        self._invariants = Invariants()
        super().__init__(graph, self.shown, getattr(subject, "starts_as", EMPTY), fired.add, took)

    def digest_parts(self) -> object:
        """The parts that decide the rest of the run's judgement. Steps, details and evidence of recorded causes decide nothing."""
        broken = Value(frozenset(self.violations))
        shown = self.shown if self._hidden else None  # else it follows from the subject, which shows it now
        return broken, self.show_raised is not None, shown, self.followed(), self._invariants, self._seen_at_return, self._hidden

    def places(self, tasks: "list[asyncio.Task[None]]") -> list[tuple[int, "asyncio.Task[None]"]]:
        """The tasks with their places in the program, in that order."""
        return sorted(((self.tasks[id(task)], task) for task in tasks), key=lambda placed: placed[0])

    # --- events of the play

    def returned(self, task: int, operation: Operation, answer: object, last: bool) -> None:
        """`operation` returned `answer`; `last`: the task runs no more of the subject's code."""
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
            self._look(task, returning=True, due=True)
        if type(operation) is RemoveConnection:
            for broken in self._invariants.connection_closed(operation.connection, self.shown):
                self._broken(broken, self._at, task, self._pending.get(task))
        if end is None:
            at, call = self._at, self._pending[task]
            cause = self.answered(task, answer)
            if cause is not None:
                shown = None if self._hidden else self.shown
                self.violated(cause, evidence=wrong_return(at, task, call, answer, shown))
        self._seen_at_return = last

    def cancelled(self, task: int, operation: Operation) -> None:
        """`task`'s `operation` was cancelled."""
        self._look_at_end(task)
        self.gone(task)

    def raised(self, task: int, operation: Operation, error: BaseException) -> None:
        """`operation` raised instead of returning."""
        self._look_at_end(task)
        self.gone(task)
        self.violated(causes.raised(operation.name, error), told(error))

    def stepped(self) -> bool:
        """A step has run. Never asks to stop: a run is judged to its end."""
        self.steps += 1
        task, self.caller = self.caller, None
        if self._seen_at_return:  # it ended with a return, and the subject ran no more code after it
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

    def _broken(self, cause: Cause, at: ManagerStates, task: int | None, call: PendingCall | None) -> None:
        """Record an invariant that does not hold in the maps now, whether or not the model names it."""
        assert self.shown is not None, "it does not hold in them"
        self.violated(cause, evidence=wrong_maps(at, task, call, self.shown, self._invariants.closed))

    def allowed(self) -> frozenset[View]:
        """The views of all states that the model may be in now or, once the manager has left the model, might have been in then."""
        judged = self._at.judged._replace(raw=True, turn=True)
        return self.parted or frozenset(judged.looks(configuration.node) for configuration in self._at.configurations)

    # --- observing the maps

    def _look_at_end(self, task: int) -> None:
        """The call ends without an answer: an effect that does not show may or may not have happened, and neither is required."""
        try:
            unchanged = not self._hidden and self._shows(self.shown)
        except Exception as error:  # as in `_look`
            self.show_raised = self.show_raised or error
            return
        if unchanged:
            self.unchanged(task)
        else:
            self._look(task, returning=True)

    def _look(self, task: int | None, *, returning: bool, due: bool = False) -> None:
        """Compare the maps with the model. `returning`: `task`'s call is about to end; `due`: it must have taken effect by now."""
        try:
            # no copy is made where the maps are as expected: most operations take effect right before they return
            acted = self.acted(task, self._shows)
            if acted is not None:
                self.shown, self._hidden = acted, False
                return
            if returning and not self._hidden and self._shows(self.shown):
                self.unchanged(task)
                return
            shown = self._subject.show()
        except Exception as error:  # no finding: a manager must be able to show its maps at any time
            self.show_raised = self.show_raised or error
            return
        if shown is None:
            self._hidden = True
            self.hidden(task)
            if not self._loop.ready and self._held_by_somebody():
                self.violated(causes.HELD_OUTSIDE)
        elif self._hidden or shown != self.shown:
            self._hidden = False
            self._changed(task, shown, returning=returning, due=due)
        else:
            self.unchanged(task)

    def _held_by_somebody(self) -> bool:
        manager_lock = self._subject.locks().get("M")
        return any(lock is manager_lock and task is not None and not task.done() for task, lock in self._loop.holding)

    def _changed(self, task: int | None, shown: Shown, *, returning: bool, due: bool) -> None:
        before, self.shown = self.shown, shown
        at, call = self._at, None if task is None else self._pending.get(task)
        cause = self.changed(task, shown, returning=returning)
        if cause is None and self.plain:
            return
        broken = self._invariants.broken(before, shown)
        for invariant in broken:
            self._broken(invariant, at, task, call)
        if cause in (causes.REVIVED, causes.SUBSCRIBED_DEAD, causes.OUTLIVES):
            self._broken(cause, at, task, call)
        elif cause is not None and not (broken and cause.property.name == "P8"):  # an invariant says it better
            self.violated(cause, evidence=wrong_view(at, task, call, shown, due=due))
        if self.parted is None and self._at.judged.lost:
            self.parted = wrong_view(at, task, call, shown, due=due).allowed
