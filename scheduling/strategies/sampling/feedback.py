"""Feedback: a run that reached a new state is worth varying a little. Random search that climbs.

Grey-box fuzzing of schedules: Wolff, Shi, Duck, Mathur, Roychoudhury: Greybox Fuzzing for Concurrency Testing, ASPLOS 2024. It keeps the
choices of each run that came to a new digest. A new run repeats the choices of a kept one up to some point, mutates a few of them, and
continues at random. Without mutation, an early choice that was kept would seldom change again. The digest is taken at choices: which
chains can move, and from where (`Candidates.positions`), no more.

Guarantees only that every schedule has a positive chance in every run (one run in four is a plain random walk). The number of kept runs
is bounded.
"""

from collections.abc import Hashable
from random import Random

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.sampling.faults import SampledFaults

KEPT = 256
SEEN = 100_000
CHANGES = 2


class Feedback:
    """Varies runs that reached a new state: mutates up to `changes` of their choices. Never exhausted."""

    name = "feedback"
    every_choice = False

    def __init__(self, random: Random, changes: int = CHANGES) -> None:
        self._random = random
        self._changes = changes
        self._seen: set[Hashable] = set()
        self._kept: list[list[int]] = []
        self._made: list[int] = []
        self._new = False
        self._faults = SampledFaults(random)

    def begin(self, candidates: Candidates) -> Choose:
        uniform = self._random.random
        positions, seen = candidates.positions, self._seen
        plan: list[int] = []
        if self._kept and uniform() >= 0.25:
            plan = list(self._kept[int(uniform() * len(self._kept))])
            del plan[1 + int(uniform() * len(plan)) :]
            for _ in range(int(uniform() * (self._changes + 1))):
                plan[int(uniform() * len(plan))] = -1
        left = iter(plan)
        made = self._made = []
        self._new = False

        def choose(n: int) -> int:
            state = positions()
            if state not in seen and len(seen) < SEEN:
                seen.add(state)
                self._new = True
            pick = next(left, -1)
            if not 0 <= pick < n:
                pick = int(uniform() * n)
            made.append(pick)
            return pick

        return self._faults.around(candidates, choose)

    def end(self, _choices: list[int], _steps: int) -> None:
        if not self._new or not self._made:
            return
        if len(self._kept) < KEPT:
            self._kept.append(self._made)
        else:
            self._kept[int(self._random.random() * KEPT)] = self._made
