"""URW, uniform random walk: every interleaving with the same chance, where a plain random walk neglects most of them.

Zhao, Wolff, Mathur, Roychoudhury: Selectively Uniform Concurrency Testing, ASPLOS 2025, algorithm 1. A chain is chosen with a chance
proportional to the events that it has left: that is the share of the remaining interleavings that begin with it.

Guarantees: if the counts are right (the chains make the same number of events in every run) and nothing blocks, each interleaving of the
chains has the same chance, 1 in (n1 + n2 + ...)! / (n1! * n2! * ...). Where chains block each other it is an approximation. Counts come
from the run before; the first run is a plain random walk.
"""

from bisect import bisect
from itertools import accumulate
from random import Random

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.sampling.faults import SampledFaults
from subwarden.scheduling.strategies.sampling.remaining import ONES, Remaining


class Urw:
    """Chains weighed by the events they have left. Never exhausted."""

    name = "urw"
    every_choice = True

    def __init__(self, random: Random) -> None:
        self._random = random
        self._remaining = Remaining()
        self._faults = SampledFaults(random)

    def begin(self, candidates: Candidates) -> Choose:
        uniform = self._random.random
        remaining = self._remaining
        remaining.begin()
        known, events, left = remaining.known, remaining.events, remaining.left
        names, newcomers = candidates.chain_names, candidates.newcomers

        def choose(n: int) -> int:
            if born := newcomers(remaining.born):
                remaining.arrived(born)
            among = names()
            if n == 1:
                pick = 0
            elif known:
                shares = list(accumulate(map(left.get, among, ONES)))
                pick = bisect(shares, uniform() * shares[-1])
            else:
                pick = int(uniform() * n)
            chain = among[pick]
            events.append(chain)
            if (many := left.get(chain, 1)) > 1:
                left[chain] = many - 1
            return pick

        return self._faults.around(candidates, choose)

    def end(self, choices: list[int], steps: int) -> None:
        """The counts were kept while the run lasted."""
