"""Bare objects, `object()`, that a run makes for itself: a waiter, a ticket, a mark.

They are built alike, so only the place where the digest meets one tells it from another. That is enough for those that a run makes. Code
may compare one that outlives its run by other means, and then it is not enough. The search finds these by their outliving.
"""

import gc
from sys import getrefcount


class Tokens:
    """The bare objects that digests have met."""

    def __init__(self) -> None:
        self._met: dict[int, object] = {}

    def met(self, token: object) -> None:
        """A state contains `token`."""
        self._met[id(token)] = token

    def outlived(self) -> bool:
        """Whether one of them is still referred to, now that their runs are over. Forgets them."""
        alive = self._alive()
        if alive:  # or garbage in a cycle
            gc.collect()
            alive = self._alive()
        self._met.clear()
        return alive

    def _alive(self) -> bool:
        nobodys = {0: object()}
        ours = max(getrefcount(token) for token in nobodys.values())
        return any(getrefcount(token) > ours for token in self._met.values())
