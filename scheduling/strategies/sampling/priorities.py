"""The highest priority, where priorities are drawn when they are first needed: the common part of PCT and POS."""

from collections.abc import Callable, Hashable, Sequence
from math import inf
from typing import Any


def highest(among: Sequence[Hashable], priority: dict[Any, float], uniform: Callable[[], float]) -> int:
    """The place of the highest of `among`, the first of equals. Those without a priority are given one, drawn by `uniform`, in order."""
    place, height, at = 0, -inf, 0
    for one in among:
        if one in priority:
            own = priority[one]
        else:
            own = priority[one] = uniform()
        if own > height:
            place, height = at, own
        at += 1  # noqa: SIM113  # `enumerate` costs more here, in a loop that runs at every choice
    return place
