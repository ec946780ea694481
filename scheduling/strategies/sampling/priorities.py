"""The highest priority, where priorities are drawn when they are first needed: the common part of PCT and POS."""

from collections.abc import Callable, Hashable, Sequence
from math import inf
from typing import Any


def highest(among: Sequence[Hashable], priority: dict[Any, float], uniform: Callable[[], float]) -> int:
    """The place of the highest of `among`, the first of equals. Those without a priority are given one, drawn by `uniform`, in order."""
    place, height = 0, -inf
    for at, one in enumerate(among):
        own = priority.get(one)
        if own is None:
            own = priority[one] = uniform()
        if own > height:
            place, height = at, own
    return place
