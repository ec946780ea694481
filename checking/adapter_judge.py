"""The common part of the judges of adapters, for any model: they record causes with their evidence, except those that are switched off."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.place import told
from subwarden.checking.recording import Recording
from subwarden.model.core.options import PLAIN, CoreOptions
from subwarden.model.properties import CoreProperty, Property
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.state_search.objects import Value

OBSERVE_SHOWS = "observe() shows something"  # a point of coverage: an observe() that always returns None hides every defect
Evidence = tuple[object, ...]  # plain data with which the fault can be seen again, without a model


class JudgedRules(NamedTuple):
    """The rules by which an adapter is judged.

    `off`: the properties and causes that are switched off, by name, each with the reason. `final`: a closed connection never comes back.
    `own`: given what `observe()` returned, the names of the adapter's own properties that do not hold; asked whenever no call is open.
    `options`: those of the core model that the manager has.
    """

    off: Mapping[str, str] = {}
    final: bool = True
    own: Callable[[object], list[str]] | None = None
    options: CoreOptions = PLAIN

    @property
    def forgiving(self) -> bool:
        """Whether a connection that may not be live may be subscribed."""
        return Property.P2.name in self.off


class AdapterJudge(Recording, ABC):
    """The judge of one run; see `stateful_tests.exploring.level.RunJudge`. `evidence`: plain data behind each cause, or ()."""

    shows_by = "observe"
    # on the class, since a judge is made for every run
    steps = 0
    observed = False  # whether `observe` has shown anything
    show_raised: Exception | None = None
    _seen_at_return = False

    def __init__(self, loop: ControlledLoop, fired: set[str], rules: JudgedRules) -> None:
        self.violations: dict[Cause, int] = {}
        self.details: dict[Cause, str] = {}
        self.evidence: dict[Cause, Evidence] = {}
        self._loop = loop
        self._fired = fired
        self._rules = rules
        self._open: dict[int, Any] = {}  # the tasks with an open call, in the order of the calls, and what the model's part knows it by
        self._orphans: dict[int, Any] = {}  # the same of calls that were cancelled or raised, and which another task may still finish

    def digest_parts(self) -> Value:
        """The parts that decide the rest of the run's judgement. Steps, details and evidence of recorded causes decide nothing."""
        calls = tuple(self._open), tuple(self._orphans)
        return Value((frozenset(self.violations), self.show_raised is not None, calls, self._digest_parts()))

    # --- events of the play

    def cancelled(self, task: int, operation: Any) -> None:
        """`task`'s `operation` was cancelled."""
        self._gone(task, operation)

    def raised(self, task: int, operation: Any, error: BaseException) -> None:
        """`operation` raised instead of returning."""
        self._gone(task, operation)
        self.violated(causes.raised(operation.name, error), told(error))

    def stepped(self) -> bool:
        """A step has run. Never asks to stop: a run is judged to its end."""
        self.steps += 1
        if self._orphans and self._nobody_is_left():
            self._settle()
        elif self._seen_at_return:  # it ended with a return, and the subject ran no more code after it
            self._seen_at_return = False
            return False
        self._look()
        return False

    # --- hooks for a model

    @abstractmethod
    def _digest_parts(self) -> Hashable:
        """The model's part of `digest_parts`."""

    @abstractmethod
    def _gone(self, task: int, operation: Any) -> None:
        """The open call of `task` has ended without an answer."""

    @abstractmethod
    def _settle(self) -> None:
        """No task can finish the orphans any more: each has taken effect or never will."""

    @abstractmethod
    def _look(self) -> None:
        """Observe the manager and judge the observation."""

    # --- recording

    def _judge_own(self, shown: object) -> None:
        """Judge the adapter's own properties in what `observe()` returned, while no call is open."""
        if self._rules.own is not None:
            for name in self._rules.own(shown):
                self.violated(Cause(CoreProperty.OWN, name), "", ("own", name))

    def violated(self, cause: Cause, detail: str = "", evidence: Evidence = ()) -> None:
        """See `Recording`; not for a cause that is switched off."""
        if not self._switched_off(cause):
            super().violated(cause, detail, evidence)

    def _switched_off(self, cause: Cause) -> bool:
        off = self._rules.off
        return bool(off) and any(name in off for name in (cause.property.name, cause.slug(), cause.broad().slug()))

    def _nobody_is_left(self) -> bool:
        """Whether no task is left that could finish an orphan."""
        return not self._loop.ready and all(task.done() for task in self._loop.tasks)
