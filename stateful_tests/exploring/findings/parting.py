"""Where a failing run was lost: the step after which no schedule holds, and the run nearest to it that holds.

The schedules that begin with the first k names of the failing one, for the largest k from which one that holds was found. More names in
common leave fewer schedules, so k is found by bisection. Each k gets a bounded search: all schedules with few deviations from fifo, then
random walks. It refuses to claim more than it tried, and says when it tried everything (`Parting.every`).
"""

from collections.abc import Sequence
from itertools import takewhile
from random import Random
from typing import Any, NamedTuple, Protocol

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.reports.html.trace_record import LostRecord
from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.schedule import Divergence, Follower, fixed
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.strategy import Nondeterministic, Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.exploring.level import Names

LENGTH = 20  # steps; of longer runs there are fewer
BLOCKS = "Where the run was lost was not searched for: each run that blocks takes real time."
DIFFERS = "Where the run was lost cannot be told: played again, the subject does something else."


class Effort(NamedTuple):
    """How many runs of `LENGTH` steps are tried: from each k that bisection asks about, and from the first k from which none holds."""

    probe: int = 50
    last: int = 200


DEFAULT_EFFORT = Effort()


class Unsearched(NamedTuple):
    """Nobody looked where the run was lost, for the reason `why`: a sentence for reports."""

    why: str


class Parting(NamedTuple):
    """The first `common` names of the failing schedule can still lead to a run that holds (None: no schedule at all was seen to), and
    `names` is that run. After one more, each of the `tried` schedules fails; `every`: there are no others.
    """

    common: int | None
    names: Names
    tried: int
    every: bool


def lost_record(parted: Parting | Unsearched, row: int) -> LostRecord:
    """`parted` for a report; `row`: the row after which the run is lost, 0 where no schedule was seen to hold."""
    if isinstance(parted, Unsearched):
        return {"lost_at": None, "tried": 0, "every": False, "unsearched": parted.why}
    return {"lost_at": row, "tried": parted.tried, "every": parted.every}


class After:
    """A strategy for the schedules that begin with the choices `prefix`: from there on, `rest` chooses."""

    every_choice = False

    def __init__(self, prefix: Sequence[int], rest: Strategy) -> None:
        self.name = rest.name
        self._prefix = prefix
        self._rest = rest

    def begin(self, candidates: Candidates) -> Choose | None:
        """See `Strategy.begin`."""
        rest = self._rest.begin(candidates)
        if rest is None:
            return None
        left = iter(self._prefix)

        def choose(n: int) -> int:
            pick = next(left, None)
            return rest(n) if pick is None else pick

        return choose

    def end(self, choices: list[int], steps: int) -> None:
        """See `Strategy.end`."""
        self._rest.end(choices[len(self._prefix) :], steps)


class Runs(Protocol):
    """The runs among which one that holds is looked for: `exploring.runner.Runner` makes them, and who plays something else."""

    @property
    def steps(self) -> int:
        """The steps of all runs so far."""

    def run(self, program: Any, make: Any, *, every_choice: bool = False) -> Any:
        """Play `program` once. The result has `choices` and `violations`."""

    def run_strategy(self, program: Any, strategy: Strategy) -> Any:
        """Play it under `strategy`; None when that is exhausted."""

    def record(self, program: Any, make: Any) -> tuple[Any, Names]:
        """Play it once; also its schedule."""


def parting(runner: Runs, cause: Cause | None, program: Any, names: Sequence[str], effort: Effort = DEFAULT_EFFORT) -> Parting | Unsearched:
    """Where the run of `program` along `names`, which shows `cause`, parts from the nearest run that holds."""
    if cause == causes.BLOCKED:
        return Unsearched(BLOCKS)
    try:
        return _Search(runner, program, list(names), effort).parting()
    except (Divergence, Nondeterministic):
        return Unsearched(DIFFERS)


class _Search:
    def __init__(self, runner: Runs, program: Any, names: Names, effort: Effort) -> None:
        self._runner = runner
        self._program = program
        self._names = names
        self._effort = effort
        self._tried = 0
        self._every = False
        self._made = [0]  # how many choices lie before each name

        def following(candidates: Candidates) -> Choose:
            follower = Follower(candidates, names)

            def choose(n: int) -> int:
                self._made.append(self._made[-1] + (n > 1))
                return follower(n)

            return choose

        self._choices = runner.run(program, following, every_choice=True).choices

    def parting(self) -> Parting:
        common, holds = -1, list[str]()
        lost = len(self._names)
        while True:
            while lost - common > 1:
                at = (common + lost) // 2
                found = self._holding(at, self._effort.probe)
                if found is None:
                    lost = at
                else:
                    common, holds = max(at, self._shared(found)), found
            found = self._holding(lost, self._effort.last)
            if found is None:
                return Parting(None if common < 0 else common, holds, self._tried, self._every)
            common, holds, lost = max(lost, self._shared(found)), found, len(self._names)

    def _shared(self, names: Names) -> int:
        """How many names the two schedules have in common. Never all: the same schedule fails again."""
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(self._names, names, strict=False)))

    def _holding(self, at: int, runs: int) -> Names | None:
        """A schedule that begins with the first `at` names and holds; None: none was found."""
        self._tried, self._every = 0, False
        bounded = DelayBounded(3, Random(0))
        if (found := self._try(at, bounded, runs)) is not None:
            return found
        if bounded.everything:
            self._every = True
            return None
        return self._try(at, RandomWalk(Random(0)), runs)

    def _try(self, at: int, rest: Strategy, runs: int) -> Names | None:
        runner, strategy = self._runner, After(self._choices[: self._made[at]], rest)
        until = runner.steps + runs * LENGTH
        for _ in range(runs):
            if runner.steps >= until:
                return None
            result = runner.run_strategy(self._program, strategy)
            if result is None:
                return None
            self._tried += 1
            if not result.violations:
                return runner.record(self._program, lambda _candidates: fixed(result.choices))[1]  # noqa: B023  # called at once
        return None
