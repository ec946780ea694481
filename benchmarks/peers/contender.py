"""The interface through which a tool is compared."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple


class Contender(NamedTuple):
    """`schedules(workload, count)` runs about `count` schedules of a workload, by name, and returns how many it ran; it is timed.

    `find(workload, seed, limit)` searches until the workload fails, and returns the number of schedules, or None if `limit` was not
    enough. `find` is None if the tool cannot search. `shrink(workload, seed, limit)` searches likewise and makes the failing run small; it
    returns the number of deviations from asyncio's order that are left, or None if nothing was found.
    """

    schedules: Callable[[str, int], int]
    find: Callable[[str, int, int], int | None] | None
    chunk: int  # how many schedules to ask for at once
    shrink: Callable[[str, int, int], int | None] | None = None
    around: Callable[[], AbstractContextManager[None]] = nullcontext  # the setup that its own runner does once for many runs
