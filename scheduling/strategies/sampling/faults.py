"""When optional events (cancellations and other faults, and timers that a slow step makes early) happen in sampled runs.

A uniform choice among all candidates would deliver every fault within the first few steps of every run: it would never reach late awaits,
and leave no run undisturbed. Faults are rare here, as they are in life: a run suffers none, one or two (chances 1/4, 1/2, 1/4), at moments
spread uniformly over the moments at which a fault could happen. Their number is learned from earlier runs. Given the number, drawing
moments one by one without knowing the future is selection sampling (Knuth, TAOCP vol. 2, algorithm 3.4.2 S).
"""

from collections.abc import Callable
from random import Random

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose

WANTED = (0, 1, 1, 2)  # how many faults a run suffers, each with the same chance
GUESS = 16  # moments in the first run, before anything is known


class SampledFaults:
    """Wraps a strategy's chooser, which is then asked only about candidates that are not optional. It chooses for one run at a time."""

    undisturbed: Choose  # see `scheduling.run`
    _optional: Callable[[], int]
    _struck: Callable[[], object]
    _wanted: int  # how many faults the run is still to suffer
    _left: int  # moments at which a fault could still happen

    def __init__(self, random: Random) -> None:
        self._uniform: Callable[[], float] = random.random
        self._bits: Callable[[int], int] = random.getrandbits
        self._moments = 0  # the most that a run has shown
        self._seen = 0

    def around(self, candidates: Candidates, inner: Choose, struck: Callable[[], object] = lambda: None) -> Choose:
        """A chooser that sometimes delivers a fault and otherwise asks `inner`. `inner` may be asked about a single candidate.

        `struck` is told of each fault that it delivers.
        """
        self._moments = max(self._moments, self._seen)
        self._seen = 0
        drawn = self._bits(3)
        while drawn >= len(WANTED):  # as `Random.choice` does, but faster
            drawn = self._bits(3)
        self._wanted = WANTED[drawn]
        self._left = self._moments or GUESS
        self._optional, self.undisturbed, self._struck = candidates.optional, inner, struck
        return self

    def __call__(self, n: int) -> int:
        optional = self._optional()
        return self.disturbed(n, optional) if optional else self.undisturbed(n)

    def disturbed(self, n: int, optional: int) -> int:
        """A choice where so many of the n candidates, the last ones, are optional; see `scheduling.run`."""
        self._seen += 1
        others = n - optional
        if self._wanted and self._left:
            now = self._uniform() * self._left < self._wanted
            self._left -= 1
            if now:
                self._wanted -= 1
                self._struck()
                return others + int(self._uniform() * optional)
        return self.undisturbed(others) if others > 1 else 0
