"""When a search must end.

A budget is asked between runs, and between the attempts to shrink a finding. It is passed to every search, so that a search ends by
returning: nothing is raised through the subject or through a run, which would leave the run half judged.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic


def _unknown() -> float:
    return math.inf


@dataclass(frozen=True, slots=True)
class Budget:
    """`spent()`: whether time is up, or the work is done. It is asked often, so it must be cheap; once true, it stays true.
    `left()`: seconds, where they are known.
    """

    spent: Callable[[], bool]
    left: Callable[[], float] = _unknown

    def part(self, share: float) -> "Budget":
        """A budget of this share of the time that is left."""
        left = self.left()
        if left == math.inf:
            return self
        until = monotonic() + share * left
        return Budget(lambda: self.spent() or monotonic() >= until, lambda: min(self.left(), until - monotonic()))


UNLIMITED = Budget(lambda: False)


def lasting(seconds: float | None) -> Budget:
    """A budget of `seconds` of wall clock from now; None: unlimited."""
    if seconds is None:
        return UNLIMITED
    deadline = monotonic() + seconds
    return Budget(lambda: monotonic() >= deadline, lambda: deadline - monotonic())
