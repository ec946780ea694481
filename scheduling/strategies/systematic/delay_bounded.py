"""All schedules that differ from stock asyncio's in few places, the fewest first: bugs that need few surprises are found soon.

After Emmi, Qadeer, Rakamaric: Delay-Bounded Scheduling, POPL 2011, where a delay makes a deterministic scheduler skip the task it would
have run. Here the deterministic scheduler is fifo (choice 0), and a *deviation* is one choice other than 0: one ready step runs before
older ones, or one outside event, fault or timer comes before the step that was due. All later choices count from fifo's next choice. A
deviation may overtake any number of candidates, but they are due again at once. The paper's delay puts a task at the end of a round,
which costs one deviation for each step that goes before it, so "within k deviations" is not "within k delays".

Guarantees: every schedule with at most `bound` deviations is run exactly once, in the order of their number; `complete` is the largest k
such that all with at most k have been run. `everything` says that no schedule has more: the program has been run in full.
"""

from collections.abc import Iterator
from itertools import islice
from random import Random

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.strategy import Nondeterministic

BOUND = 3
WINDOW = 64  # how many runs of the level before are deviated from at a time: it mixes the order and keeps the memory small


class _Done:
    """A finished run: the choices up to its last deviation, and the number of candidates of each later choice."""

    __slots__ = ("prefix", "widths")

    def __init__(self, prefix: tuple[int, ...], widths: tuple[int, ...]) -> None:
        self.prefix = prefix
        self.widths = widths

    def deviations(self) -> list[tuple[int, int]]:
        return [(at, pick) for at, n in enumerate(self.widths) for pick in range(1, n)]


class Along:
    """One run: the choices of `prefix`, then always the first. `widths`: the number of candidates of each later choice."""

    def __init__(self, prefix: tuple[int, ...]) -> None:
        self.prefix = prefix
        self.widths: list[int] = []
        self._left = iter(prefix)

    def choose(self) -> Choose:
        """The chooser of the run."""
        left, widths = self._left, self.widths

        def choose(n: int) -> int:
            pick = next(left, None)
            if pick is None:
                widths.append(n)
                return 0
            if pick >= n:
                raise Nondeterministic(f"choice {pick} among {n} candidates")
            return pick

        return choose

    def finish(self) -> None:
        """The run has ended. Raises Nondeterministic if that was too early."""
        if next(self._left, None) is not None:
            raise Nondeterministic("it ended before the last deviation")


class DelayBounded:
    """Systematic; exhausted when all schedules within the bound have been run. With a Random, in a random order within each number."""

    name = "delay bounded"
    every_choice = False

    def __init__(self, bound: int = BOUND, random: Random | None = None) -> None:
        self.bound = bound
        self.complete = -1
        self.everything = False
        self._random = random
        self._level = 0
        self._finished: list[_Done] = []  # runs of this level, to deviate from in the next
        self._more = False  # whether any of them can be deviated from
        self._pending: Iterator[tuple[int, ...]] = iter([()])
        self._run = Along(())

    def begin(self, _candidates: Candidates) -> Choose | None:
        prefix = self._next()
        if prefix is None:
            return None
        self._run = Along(prefix)
        return self._run.choose()

    def end(self, _choices: list[int], _steps: int) -> None:
        self._run.finish()
        self.ran(self._run.prefix, tuple(self._run.widths))

    def ahead(self, most: int) -> list[tuple[int, ...]]:
        """Up to `most` runs that are to be made, by their choices up to the last deviation; whoever makes them tells `ran`. Empty: none is
        left. All that were given out before must have been told.
        """
        first = self._next()
        return [] if first is None else [first, *islice(self._pending, most - 1)]

    def ran(self, prefix: tuple[int, ...], widths: tuple[int, ...]) -> None:
        """The run of `prefix` was made; later it had choices among so many candidates."""
        self._more = self._more or bool(widths)
        if self._level < self.bound:
            self._finished.append(_Done(prefix, widths))

    def _next(self) -> tuple[int, ...] | None:
        while (prefix := next(self._pending, None)) is None:
            self.complete = self._level
            if not self._more:
                self.complete, self.everything = self.bound, True
                return None
            if self._level == self.bound:
                return None
            self._level += 1
            self._pending = self._children(self._finished)
            self._finished = []
            self._more = False
        return prefix

    def _children(self, parents: list[_Done]) -> Iterator[tuple[int, ...]]:
        """Each run of the next level once: its parent is itself without its last deviation, so nothing is made twice."""
        random = self._random
        if random is not None:
            random.shuffle(parents)
        waiting = iter(parents)
        active: list[tuple[tuple[int, ...], list[tuple[int, int]]]] = []
        while True:
            while len(active) < WINDOW and (parent := next(waiting, None)) is not None:
                deviations = parent.deviations()
                if deviations:
                    deviations.reverse()
                    if random is not None:
                        random.shuffle(deviations)
                    active.append((parent.prefix, deviations))
            if not active:
                return
            which = 0 if random is None else int(random.random() * len(active))
            prefix, deviations = active[which]
            at, pick = deviations.pop()
            if not deviations:
                del active[which]
            yield (*prefix, *([0] * at), pick)
