"""When optional events (cancellations and other faults, and timers that a slow step makes early) happen in sampled runs.

A uniform choice among all candidates would deliver every fault within the first few steps of every run, so that late awaits were never
reached and no run were undisturbed. Faults are rare here, as they are in life: a run suffers none, one or two (chances 1/4, 1/2, 1/4),
at moments spread uniformly over the moments where a fault could happen. Their number is learned from earlier runs; given the number,
drawing moments one by one without knowing the future is selection sampling (Knuth, TAOCP vol. 2, algorithm 3.4.2 S).
"""

from collections.abc import Callable
from random import Random

from scheduling.loop import ControlledLoop
from scheduling.order import Order, timer_may_fire
from scheduling.run import Choose

GUESS = 16  # moments in the first run, before anything is known


class SampledFaults:
    """Wraps a strategy's chooser, which is then asked only about what is not optional."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._moments = 0  # the most that a run has shown
        self._seen = 0

    def around(self, loop: ControlledLoop, order: Order, inner: Choose) -> Choose:
        """A chooser that sometimes delivers a fault and otherwise asks `inner`. `inner` may be asked about a single candidate."""
        self._moments = max(self._moments, self._seen)
        self._seen = 0
        wanted = self._random.choice((0, 1, 1, 2))
        uniform: Callable[[], float] = self._random.random
        left = self._moments or GUESS
        ready, timers, faults, early_timers = loop.ready, loop.timers, loop.faults, loop.early_timers

        def choose(n: int) -> int:
            nonlocal wanted, left
            optional = len(faults)
            if early_timers and timers and ready:
                optional += timer_may_fire(loop, order)
            if not optional:
                return inner(n)
            self._seen += 1
            others = n - optional
            if wanted and left:
                if uniform() * left < wanted:
                    wanted -= 1
                    left -= 1
                    return others + int(uniform() * optional)
                left -= 1
            return inner(others) if others > 1 else 0

        choose.undisturbed = inner  # type: ignore[attr-defined]  # see `scheduling.run`
        return choose
