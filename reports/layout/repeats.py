"""Rows of a run that come again and again, as those of a timer that never ends do: a table tells them once."""

from collections.abc import Callable, Sequence
from typing import TypeVar

LONGEST = 6  # rows that come again and again
TIMES = 3  # that they must come for it, so that all but the first are told in one row
Row = TypeVar("Row")


def repeats(rows: Sequence[Row], at: int, alike: Callable[[Row, Row], bool]) -> tuple[int, int]:
    """How many rows from `at` on come again at once, and how often they come; one row once, if they do not."""
    for period in range(1, LONGEST + 1):
        times, end = 1, at + 2 * period
        while end <= len(rows) and all(alike(rows[at + of], rows[end - period + of]) for of in range(period)):
            times, end = times + 1, end + period
        if times >= TIMES:
            return period, times
    return 1, 1
