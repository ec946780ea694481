"""A dictionary that works out what is missing. Its look-ups stay in C."""

from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V")


class LookUp(dict[int, V]):
    """What `work_out` has found."""

    def __init__(self, work_out: Callable[[int], V]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, key: int) -> V:
        value = self[key] = self._work_out(key)
        return value
