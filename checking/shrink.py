"""Shrinking: the smallest program that still shows a cause, near the schedule that showed it.

Knows nothing of what programs are: the caller says which programs are simpler than a given one (in the order in which they should be
tried), and whether a program shows the cause. The result is a local minimum: none of the programs that the caller calls simpler than it
shows the cause under any schedule that the caller searches.
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
    """Replace `case` by something simpler as long as that shows the cause.

    `names` is a schedule of `case` that shows it. `simpler` gives each simpler program with the schedule in that program's own names:
    a task that takes another's place has another name. `exhibits(case, names)` searches a schedule of `case` that shows the cause,
    near `names` first, and returns its names, or None.
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
