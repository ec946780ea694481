"""POS, partial order sampling: a random priority for every single event, so that few orders of independent events crowd out the rest.

Yuan, Yang, Gu: Partial Order Aware Concurrency Sampling, CAV 2018. The event of the highest priority runs; the events that race with it
(they touch the same place, and at least one writes) get new priorities, so that an event that lost one race need not lose all.

Guarantees: every order of events has a positive chance. If it were known which pending events race, every partial order of n events would
have at least the chance 1/n!, and most have far more than in a random walk. But it is not known before an event happens. Here a pending
event is taken to race with the running one if both are at the same site (see `scheduling.candidates`), as tasks that run the same code
are, and otherwise with the chance 1/2. Without any of that, an event that drew low would wait for all others: the paper's basic POS.
"""

from collections import defaultdict
from random import Random

from subwarden.scheduling.candidates import Candidates, Site
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.sampling.faults import SampledFaults


class Pos:
    """A priority for each event. Never exhausted."""

    name = "pos"
    every_choice = False

    def __init__(self, random: Random) -> None:
        self._random = random
        self._faults = SampledFaults(random)

    def begin(self, candidates: Candidates) -> Choose:
        uniform = self._random.random
        chains, sites = candidates.chains, candidates.sites
        priority: defaultdict[tuple[object, Site], float] = defaultdict(uniform)  # drawn when it is first asked for
        height = priority.__getitem__

        def choose(_n: int) -> int:
            pending = list(zip(chains(), sites(), strict=True))
            first = max(pending, key=height)  # the first of equals
            place = first[1]
            for event in pending:
                if event[1] == place or uniform() < 0.5:
                    del priority[event]
            return pending.index(first)

        return self._faults.around(candidates, choose)

    def end(self, choices: list[int], steps: int) -> None:
        """Nothing is learned from one run to the next."""
