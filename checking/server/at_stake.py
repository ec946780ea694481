"""The duties and attributions of one run: those that were at stake, and those that the server could have broken.

A duty is at stake from the moment at which it arises. The server could have broken it if it was still owed when the server met it, or if it
was not met at all; a duty that lapses before, since its client or its thread goes, could not be broken. An attribution could have been
broken if an answer or a change has ruled one of its ways out: another answer would have been right by that way.
"""

from collections.abc import Callable, Iterator

from subwarden.model.server.stakes import Stake


class AtStake:
    """Of one run. `fired` is told the name of each duty that is at stake, once."""

    def __init__(self, fired: Callable[[str], object]) -> None:
        self._fired = fired
        self._arose: set[Stake] = set()
        self._breakable: set[Stake] = set()
        self._open: set[Stake] = set()  # attributions of which there are several ways

    def arises(self, stake: Stake) -> None:
        """A duty could be broken from now on, unless it lapses."""
        if stake not in self._arose:
            self._arose.add(stake)
            self._fired(f"stake {stake.value}")

    def breakable(self, stake: Stake) -> None:
        """The duty is owed, and the server meets it or has not met it in the end."""
        self.arises(stake)
        self._breakable.add(stake)

    def may_break(self, stake: Stake) -> bool:
        """Whether this run has shown already that the server could have broken it."""
        return stake in self._breakable

    def several(self, stake: Stake) -> None:
        """A change has several ways of saying which request has made it."""
        self.arises(stake)
        self._open.add(stake)

    def fewer(self, ways: int) -> None:
        """Some of the ways have been ruled out; so many are left."""
        for stake in self._open:
            self.breakable(stake)
        if ways == 1:
            self._open.clear()

    def names(self) -> Iterator[tuple[str, bool]]:
        """Each duty that was at stake, and again with True if the server could have broken it."""
        for stakes, could in ((self._arose, False), (self._breakable, True)):
            yield from ((stake.value, could) for stake in Stake if stake in stakes)
