"""SURW, selectively uniform random walk: every interleaving of a few interesting events with the same chance, with any steps between.

Zhao, Wolff, Mathur, Roychoudhury: Selectively Uniform Concurrency Testing, ASPLOS 2025, algorithm 2. In a long run almost all
interleavings look alike at the steps that matter, so uniformity over all events is of little use; over the few events of one kind it is
of much. One chain is *meant* to make the next interesting event, drawn by the numbers of interesting events that the chains have left. The
others may run up to their next interesting event, and wait there. The choice among them is uniform.

Each run draws anew which events are interesting. The paper takes the accesses to one shared variable. Here the place that an event touches
is not known for every program, so the kind of an event is its *site* (see `scheduling.candidates`): one run in two takes every known site,
which is URW for known sites; the others take each known site with the chance 1/2. The first are better for one moment in a long run, the
others for a few steps that matter among many that do not, such as those of tasks that wait for a lock.

Guarantees: if counts are right and nothing blocks, the interesting events of a run are interleaved uniformly; every schedule has a
positive chance. The first run is a plain random walk.
"""

from bisect import bisect
from itertools import accumulate
from random import Random

from subwarden.scheduling.candidates import Candidates, Site
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.sampling.faults import SampledFaults
from subwarden.scheduling.strategies.sampling.remaining import ONES


class Surw:
    """Uniform over the interesting events of each run; with the chance `whole`, those of every known site. Never exhausted."""

    name = "surw"
    every_choice = True

    def __init__(self, random: Random, whole: float = 0.5) -> None:
        self._random = random
        self._whole = whole
        self._events: list[tuple[str, Site]] = []  # of the last run: chain and site
        self._known: dict[Site, None] = {}  # every site of every run, in the order they were first seen
        self._faults = SampledFaults(random)

    def begin(self, candidates: Candidates) -> Choose:
        uniform = self._random.random
        share = 1.0 if uniform() < self._whole else 0.5
        before = self._events
        by_chain: dict[str, dict[Site, None]] = {}
        for chain, site in before:
            by_chain.setdefault(chain, {})[site] = None
        for sites in by_chain.values():
            self._known |= sites
        interesting = {site for site in self._known if uniform() < share}
        left = dict.fromkeys(by_chain, 0)
        for chain, site in before:
            if site in interesting:
                left[chain] += 1
        left = {chain: many for chain, many in left.items() if many}
        events = self._events = []
        meant: str | None = None
        places = candidates.places

        def choose(n: int) -> int:
            nonlocal meant
            among = places()
            pick = 0
            if n > 1:
                waiting = [chain for chain, site in among if site in interesting]
                if waiting:
                    if meant is not None and len(waiting) == n and meant not in waiting:
                        meant = None  # it is blocked, and all others wait for it
                    if meant is None:
                        owing = list(left) if left and len(waiting) < n else waiting
                        shares = list(accumulate(map(left.get, owing, ONES)))
                        meant = owing[bisect(shares, uniform() * shares[-1])]
                    free = [at for at, (chain, site) in enumerate(among) if chain == meant or site not in interesting]
                    pick = free[int(uniform() * len(free))] if free else int(uniform() * n)
                else:
                    pick = int(uniform() * n)
            event = among[pick]
            events.append(event)
            chain, site = event
            if site in interesting:
                if left.get(chain, 1) > 1:
                    left[chain] -= 1
                else:
                    left.pop(chain, None)
                meant = None
            return pick

        return self._faults.around(candidates, choose)

    def end(self, choices: list[int], steps: int) -> None:
        """The events were kept while the run lasted."""
