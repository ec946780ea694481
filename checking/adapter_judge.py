"""What the judges of adapters have in common, whichever model an adapter is held against: what is recorded, and what is switched off."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.model.properties import CoreProperty
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.state_search.objects import Value

Evidence = tuple[object, ...]  # what can be looked at again, without a model, to see that something is wrong; plain data


class JudgedRules(NamedTuple):
    """How an adapter wants to be judged.

    `off`: properties or causes by name -> why not. `final`: a close is, ids are not used again. `own`: the names of what the adapter itself
    says must hold whenever no call is open, and does not.
    """

    off: Mapping[str, str] = {}
    final: bool = True
    own: Callable[[], list[str]] | None = None


class AdapterJudge(ABC):
    """See `stateful_tests.exploring.level.Judge`."""

    shows_by = "observe"

    def __init__(self, loop: ControlledLoop, fired: set[str], rules: JudgedRules) -> None:
        self.violations: dict[Cause, int] = {}
        self.details: dict[Cause, str] = {}
        self.evidence: dict[Cause, Evidence] = {}
        self.steps = 0
        self.show_raised: Exception | None = None
        self._loop = loop
        self._fired = fired
        self._rules = rules
        self._calls = 0  # so far
        self._open: dict[int, int] = {}  # the number of a task's open call
        self._orphans: list[int] = []  # calls that were cancelled or raised, and may still be finished by somebody

    def digest_parts(self) -> Value:
        """What of this decides the rest of the run's judgement. At which step something was broken, and what is said of it, does not."""
        name: dict[int, Hashable] = {call: task for task, call in self._open.items()}
        name |= {call: ("orphan", place) for place, call in enumerate(self._orphans)}
        calls = tuple(name[call] for call in sorted(name))
        return Value((frozenset(self.violations), self.show_raised is not None, calls, self._digest_parts(name)))

    # --- what the player reports

    def cancelled(self, task: int, operation: Any) -> None:
        """`task`'s `operation` was cancelled."""
        self._gone(task, operation)

    def raised(self, task: int, operation: Any, error: BaseException) -> None:
        """`operation` raised instead of returning."""
        self._gone(task, operation)
        self.violated(causes.raised(operation.name, error), f"{type(error).__name__}: {error}")

    def stepped(self) -> bool:
        """A step has run. Never asks to stop: a run is judged to its end."""
        self.steps += 1
        if self._orphans and self._nobody_is_left():
            self._settle()
        self._look()
        return False

    # --- what a model says

    @abstractmethod
    def _digest_parts(self, name: Mapping[int, Hashable]) -> Hashable:
        """The same, of what the model says. `name`: what to call the calls that are open, or were and may still be finished."""

    @abstractmethod
    def _gone(self, task: int, operation: Any) -> None:
        """The open call of `task` has ended without an answer."""

    @abstractmethod
    def _settle(self) -> None:
        """What was cancelled has happened or not, and nobody will finish it any more."""

    @abstractmethod
    def _look(self) -> None:
        """Judge what shows now."""

    # --- what all record

    def _judge_own(self) -> None:
        """No call is open: what the adapter itself says must hold then."""
        if self._rules.own is not None:
            for name in self._rules.own():
                self.violated(Cause(CoreProperty.OWN, name), "", ("own", name))

    def violated(self, cause: Cause, detail: str = "", evidence: Evidence = ()) -> None:
        """Record `cause`, once, at the present step, unless it is switched off."""
        off = self._rules.off
        if cause not in self.violations and not (off and (cause.property.name in off or cause.slug() in off)):
            self.violations[cause] = self.steps
            self.details[cause] = detail
            self.evidence[cause] = evidence

    def _nobody_is_left(self) -> bool:
        """Whether nothing can be going on any more that could finish what was cancelled."""
        return not self._loop.ready and all(task.done() for task in self._loop.tasks)
