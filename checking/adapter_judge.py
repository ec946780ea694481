"""What the judges of adapters have in common, whichever model an adapter is held against: what is recorded, and what is switched off."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from checking.causes import Cause
from scheduling.loop import ControlledLoop

Evidence = tuple[object, ...]  # what can be looked at again, without a model, to see that something is wrong; plain data


class Rules(NamedTuple):
    """How an adapter wants to be judged.

    `off`: properties or causes by name -> why not. `final`: a close is, ids are not used again. `own`: the names of what the adapter itself
    says must hold whenever no call is open, and does not.
    """

    off: Mapping[str, str] = {}
    final: bool = True
    own: Callable[[], list[str]] | None = None


class AdapterJudge:
    """See `stateful_tests.exploring.level.Judge`."""

    shows_by = "observe"

    def __init__(self, loop: ControlledLoop, fired: set[str], rules: Rules) -> None:
        self.violations: dict[Cause, int] = {}
        self.details: dict[Cause, str] = {}
        self.evidence: dict[Cause, Evidence] = {}
        self.steps = 0
        self.show_raised: Exception | None = None
        self._loop = loop
        self._fired = fired
        self._rules = rules
        self._calls = 0  # so far
        self._orphans: list[int] = []  # calls that were cancelled or raised, and may still be finished by somebody

    def violated(self, cause: Cause, detail: str = "", evidence: Evidence = ()) -> None:
        """Record `cause`, once, at the present step, unless it is switched off."""
        off = self._rules.off
        if cause not in self.violations and not (off and (cause.property.name in off or cause.slug() in off)):
            self.violations[cause] = self.steps
            self.details[cause] = detail
            self.evidence[cause] = evidence

    def _tell(self, what: str, operation: object, answer: object = None) -> None:
        """For whoever tells the run."""
        if self._loop.log is not None:
            self._loop.log.append((what, (operation, answer)))

    def _nobody_is_left(self) -> bool:
        """Whether nothing can be going on any more that could finish what was cancelled."""
        return not self._loop.ready and all(task.done() for task in self._loop.tasks)
