"""PCT, probabilistic concurrency testing: random priorities, and d - 1 random moments at which the front runner falls behind all others.

Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs, ASPLOS 2010.

Guarantees: take a program of at most n chains (see `scheduling.candidates`) and at most k choices, and a bug of depth d: it happens in
every schedule that orders d - 1 given pairs of steps, and satisfies one more constraint on the first chain. Each run finds it with a
chance of at least 1/(n * k^(d-1)). k counts the moments with at least two candidates: elsewhere priorities decide nothing. k is learned
as the largest number that a run has shown, so the bound holds once the longest run has been seen.
"""

from collections import defaultdict
from random import Random

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.sampling.faults import SampledFaults

GUESS = 16  # choices in the first run, before anything is known


class Pct:
    """Priorities with `depth - 1` moments of change. Never exhausted."""

    every_choice = False

    def __init__(self, random: Random, depth: int) -> None:
        if depth < 1:
            raise ValueError(f"the depth of a bug is at least 1, not {depth}")
        self.name = f"pct {depth}"
        self.depth = depth
        self.length = 0
        self._asked = 0
        self._random = random
        self._faults = SampledFaults(random)

    def begin(self, candidates: Candidates) -> Choose:
        uniform = self._random.random
        changes: dict[int, list[int]] = {}
        for rank in range(1, self.depth):
            changes.setdefault(1 + int(uniform() * (self.length or GUESS)), []).append(rank)
        chains = candidates.chains
        priority: defaultdict[object, float] = defaultdict(uniform)  # drawn when it is first asked for
        height = priority.__getitem__
        self._asked = 0

        def choose(_n: int) -> int:
            asked = self._asked = self._asked + 1
            among = chains()
            front = max(among, key=height)  # the first of equals
            if asked in changes:
                for rank in changes[asked]:  # the later the rank, the lower: as in the paper, below all that began
                    priority[front] = -float(rank)
                    front = max(among, key=height)
            return among.index(front)

        return self._faults.around(candidates, choose)

    def end(self, _choices: list[int], _steps: int) -> None:
        self.length = max(self.length, self._asked)
