"""Who has the highest priority, where priorities are drawn as they are first asked for: what PCT and POS have in common."""

from collections.abc import Callable, Hashable, Sequence
from math import inf
from typing import Any


def highest(among: Sequence[Hashable], priority: dict[Any, float], uniform: Callable[[], float]) -> int:
    """The place of the highest of `among`, the first of equals. Whoever has no priority yet is given one, drawn by `uniform`, in order."""
    place, height = 0, -inf
    for at, one in enumerate(among):
        own = priority.get(one)
        if own is None:
            own = priority[one] = uniform()
        if own > height:
            place, height = at, own
    return place
