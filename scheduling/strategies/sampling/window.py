"""Window: fifo's own schedule, but for a few choices in a row, which are random.

A deep mistake of a long program often is a small race in a state that many operations have to lead to, one after the other. A random walk
seldom leads there: it lets all operations race. Delay bounding does, but has no more than a few deviations, one by one.

Guarantees: every schedule that differs from fifo within a window of at most `LONGEST` choices has a chance, of about 1/k for the place of
the window among the k choices of a run. k is learned as the largest number that a run has shown.
"""

from random import Random

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.sampling.faults import SampledFaults

LENGTHS = (1, 2, 2, 3, 4, 6, 9)
LONGEST = max(LENGTHS)
GUESS = 16  # choices in the first run, before anything is known


class Window:
    """Random in one window. Never exhausted."""

    name = "window"
    every_choice = False

    def __init__(self, random: Random) -> None:
        self._random = random
        self._faults = SampledFaults(random)
        self._length = 0
        self._asked = 0

    def begin(self, candidates: Candidates) -> Choose:
        uniform = self._random.random
        first = 1 + int(uniform() * (self._length or GUESS))
        last = first + LENGTHS[int(uniform() * len(LENGTHS))] - 1
        self._asked = 0

        def choose(n: int) -> int:
            self._asked += 1
            if self._asked == first:
                return 1 + int(uniform() * (n - 1))  # else the run is as likely fifo's own
            return int(uniform() * n) if first < self._asked <= last else 0

        return self._faults.around(candidates, choose)

    def end(self, _choices: list[int], _steps: int) -> None:
        """Learn how many choices a run has."""
        self._length = max(self._length, self._asked)
