"""Shrinking: find a smallest program that still shows a cause, near the schedule that showed it.

It knows nothing about programs. The caller gives the simpler candidates of a program, in the order in which to try them, and decides
whether a candidate shows the cause. The result is a local minimum: no candidate that is simpler than it shows the cause under any
schedule that the caller searches.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

Case = TypeVar("Case")
Names = list[str]


def shrink(
    case: Case,
    names: Names,
    simpler: Callable[[Case, Names], Iterable[tuple[Case, Names]]],
    exhibits: Callable[[Case, Names], Names | None],
) -> tuple[Case, Names]:
    """Replace `case` by a simpler case as long as one shows the cause.

    In: `names`, a schedule of `case` that shows the cause; `simpler`, the simpler cases, each with the schedule in its own task names (a
    task that takes another's place has another name); `exhibits(case, names)`, which searches a schedule of `case` that shows the
    cause, near `names` first, and returns its names, or None. Out: the smallest case found, and its schedule.
    """
    progress = True
    while progress:
        progress = False
        for candidate, near in simpler(case, names):
            found = exhibits(candidate, near)
            if found is not None:
                case, names, progress = candidate, found, True
                break
    return case, names
