"""The highest priority, where priorities are drawn when they are first needed: the common part of PCT and POS."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any


class Priorities(dict[Any, float]):
    """Each thing without a priority is given one, drawn by `uniform`, when it is asked for."""

    __slots__ = ("_uniform",)

    def __init__(self, uniform: Callable[[], float]) -> None:
        super().__init__()
        self._uniform = uniform

    def __missing__(self, one: Hashable) -> float:
        drawn = self[one] = self._uniform()
        return drawn

    def highest(self, among: Sequence[Hashable]) -> int:
        """The place of the highest of `among`, the first of equals."""
        heights = list(map(self.__getitem__, among))
        return heights.index(max(heights))
