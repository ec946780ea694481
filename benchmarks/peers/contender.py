"""What a tool must offer to be compared."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple


class Contender(NamedTuple):
    """`schedules(workload, count)` runs about `count` schedules of a workload, by name, and returns how many it ran; it is measured.

    `find(workload, seed, limit)` searches until the workload ends badly, and returns how many schedules that took, or None within `limit`.
    None where a tool cannot search.
    """

    schedules: Callable[[str, int], int]
    find: Callable[[str, int, int], int | None] | None
    chunk: int  # how many schedules to ask for at once
    around: Callable[[], AbstractContextManager[None]] = nullcontext  # what its own runner does once around many runs
