"""What a judge keeps of the causes it has seen: the step at which each was first seen, and what is said of it."""

from typing import Any

from subwarden.checking.causes import Cause


class Recording:
    """For every cause, `violations` has the number of the step at which it was first seen, `details` its numbers in words, and `evidence`
    the facts behind it, where the end of the run does not show them.
    """

    __slots__ = ()
    violations: dict[Cause, int]
    details: dict[Cause, str]
    evidence: dict[Cause, Any]
    steps: int

    def violated(self, cause: Cause, detail: str = "", evidence: Any = None) -> None:
        """Record `cause`, once, at the present step."""
        if cause not in self.violations:
            self.violations[cause] = self.steps
            self.details[cause] = detail
            if evidence is not None:
                self.evidence[cause] = evidence
