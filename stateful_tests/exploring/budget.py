"""When a search must end.

A budget is asked between runs, and between the attempts to shrink a finding. It is passed to every search, so that a search ends by
returning: nothing is raised through the subject or through a run, which would leave the run half judged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True, slots=True)
class Budget:
    """`spent()`: whether time is up, or the work is done. It is asked often, so it must be cheap; once true, it stays true."""

    spent: Callable[[], bool]


UNLIMITED = Budget(lambda: False)


def lasting(seconds: float | None) -> Budget:
    """A budget of `seconds` of wall clock from now; None: unlimited."""
    if seconds is None:
        return UNLIMITED
    deadline = monotonic() + seconds
    return Budget(lambda: monotonic() >= deadline)
