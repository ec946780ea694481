"""Bare objects, `object()`, that are made in a run to be nobody else's: who waits, a ticket, a mark of what is meant.

They are built alike, so nothing but where it is met tells one from another. That is enough for those that a run makes. One that lives on
when its run is over may be compared by code that knows it by other ways, and then it is not; it is found out by just that.
"""

import gc
from sys import getrefcount


class Tokens:
    """Those met in runs."""

    def __init__(self) -> None:
        self._met: dict[int, object] = {}

    def met(self, token: object) -> None:
        """A state has it."""
        self._met[id(token)] = token

    def outlived(self) -> bool:
        """Whether one of them is still somebody's, now that the runs are over in which they were met. They are not asked about again."""
        alive = self._alive()
        if alive:  # or garbage, that goes round in circles
            gc.collect()
            alive = self._alive()
        self._met.clear()
        return alive

    def _alive(self) -> bool:
        nobodys = {0: object()}
        ours = max(getrefcount(token) for token in nobodys.values())
        return any(getrefcount(token) > ours for token in self._met.values())
