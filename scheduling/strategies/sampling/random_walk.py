"""Random walk: at every choice, each candidate with the same chance. The baseline that every other strategy has to beat.

Guarantees only that a run with choices among n1, n2, ... candidates has the chance 1/(n1 * n2 * ...): no schedule is impossible, but
schedules are far from equally likely, and one in which a long task waits for a short one is exponentially rare (Zhao, Wolff, Mathur,
Roychoudhury: Selectively Uniform Concurrency Testing, ASPLOS 2025, section 2).
"""

from random import Random

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.sampling.faults import SampledFaults


class RandomWalk:
    """Each candidate with the same chance. Never exhausted."""

    name = "random walk"
    every_choice = False

    def __init__(self, random: Random) -> None:
        self._faults = SampledFaults(random)
        uniform = random.random
        self._choose: Choose = lambda n: int(uniform() * n)

    def begin(self, candidates: Candidates) -> Choose:
        return self._faults.around(candidates, self._choose)

    def end(self, choices: list[int], steps: int) -> None:
        """A random walk learns nothing."""
