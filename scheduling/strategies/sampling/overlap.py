"""Overlap: calls arrive in the program's order, and few are open at a time: mostly one, sometimes two or three.

Most races need two calls at once (Lu, Park, Seo, Zhou: Learning from Mistakes, ASPLOS 2008: of the concurrency bugs that it studied, 96 %
need no more than two threads), in a state that calls before them have led to, and many show only in a call after them. A random walk lets
all calls of a program race, so that state is seldom there. Here each call either is answered before the next one arrives, or the next one
or two come while it is open. Then either the outside keeps the first one waiting until they are done, or their steps are mixed at random.
The first of several calls seldom races: it leads to the state in which the others are to race. Where the outside takes one of several
ways (`Candidates.alternatives`), each is as likely.
A fault that strikes opens a race, too: the next call may come while the outside keeps waiting what the fault has led to.

Guarantees: every schedule in which calls arrive in the program's order, and no more than `MOST` between two moments at which none is open,
has a chance. Where the candidates do not tell which of them are calls (`Candidates.next_call`), it is fifo's own schedule.
"""

from random import Random

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.sampling.faults import SampledFaults

RACING = (1 / 2, 1.0)  # the chance of each call to be joined by others, in one run
JOINING = (1, 1, 1, 2)  # calls that join it
MOST = 1 + max(JOINING)
WAITING = 5 / 6  # how often the first one is kept waiting
FIRST = 1 / 4  # how often the first of several calls races as others do: mostly it leads to the state in which these are to race
LATER = 1 / 2  # the chance that it goes on instead, whenever it may be kept waiting


class Overlap:
    """Never exhausted."""

    name = "overlap"
    every_choice = False

    def __init__(self, random: Random) -> None:
        self._random = random
        self._faults = SampledFaults(random)

    def begin(self, candidates: Candidates) -> Choose:
        calls = _Calls(self._random, candidates)
        return self._faults.around(candidates, calls.choose, calls.struck)

    def end(self, _choices: list[int], _steps: int) -> None:
        """It learns nothing."""


class _Calls:
    """One run. `_joining`: the calls that may still join those that are open. `_kept`: the outside events that are kept waiting."""

    def __init__(self, random: Random, candidates: Candidates) -> None:
        self._uniform = random.random
        self._candidates = candidates
        self._racing = RACING[int(random.random() * len(RACING))]
        self._races = self._waits = False
        self._first = True
        self._joining = 0
        self._kept: set[str] = set()

    def choose(self, n: int) -> int:
        pick = self._choose(n)
        ways = self._candidates.alternatives(pick)
        return ways[int(self._uniform() * len(ways))] if ways else pick

    def _choose(self, n: int) -> int:
        call = self._candidates.next_call()
        if call == 0:  # nothing is open
            self._begin(n)
        if call == 0 or not self._races:
            return 0
        before = n if call < 0 else call  # the candidates that are no calls
        joins = call > 0 and self._joining > 0
        if self._kept:
            free = [at for at, name in enumerate(self._names(before)) if name not in self._kept]
            if free:
                return free[0]
            if not (joins and self._uniform() < LATER):
                self._kept.clear()
                joins = False
        elif joins and self._waits:
            outside = [name for name in self._names(before) if name.startswith("+")]
            if not outside or self._uniform() < LATER:
                return 0
            self._kept.update(outside)
        elif joins:
            joins = self._uniform() * (before + 1) < 1
        if joins:
            self._joining -= 1
            return call
        return int(self._uniform() * before)

    def _names(self, before: int) -> list[str]:
        return self._candidates.chain_names()[:before]

    def struck(self) -> None:
        """A fault was delivered: the next call may meet what it has led to, though the call that it struck has ended."""
        self._joining = max(self._joining, 1)
        self._races = self._waits = True
        self._kept.clear()

    def _begin(self, n: int) -> None:
        """A call arrives while nothing is open; it is one of `n` to come, or fewer."""
        self._races = self._uniform() < (self._racing * FIRST if self._first and n > 2 else self._racing)
        self._first = False
        self._joining = JOINING[int(self._uniform() * len(JOINING))]
        self._waits = self._uniform() < WAITING
        self._kept.clear()
