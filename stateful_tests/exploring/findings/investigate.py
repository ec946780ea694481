"""From a failing run to a finding: believe it only if it replays, make it small, and try it in the weaker orders."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import pairwise, permutations
from random import Random
from typing import Any, NamedTuple

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.checking.shrink import shrink
from subwarden.scheduling.order import EARLY, Order
from subwarden.scheduling.schedule import Divergence, fixed
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.strategy import Nondeterministic, Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.scheduling.strategies.systematic.preemption_bounded import PreemptionBounded
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.budget import UNLIMITED, Budget
from subwarden.stateful_tests.exploring.findings.shrink_passes import in_order_of_start
from subwarden.stateful_tests.exploring.findings.unrepeatable import TWICE, why_along
from subwarden.stateful_tests.exploring.level import Names
from subwarden.stateful_tests.exploring.observers import Observer
from subwarden.stateful_tests.exploring.runner import Result, Runner

NEAR = 400  # runs of `LENGTH` steps spent on a simpler program whose guided run does not fail
FAR = 4_000  # runs of `LENGTH` steps spent on the final program to find the fewest deviations
LENGTH = 20  # steps; of longer runs there are fewer
IMPATIENT = 0.25  # seconds that a run may last while one that blocks for real is made smaller; the result is confirmed with patience
FEW = 3  # tasks, up to which every order of their starts is tried
DEVIATIONS = 2  # from fifo, more than which are hard to read
PREEMPTIONS = 2  # up to which all runs of a small program are tried
ROUNDS = 3  # in another order of its tasks a program may be shrunk further; the order settles at once, or is of no importance


class NotReproducible(Exception):
    """The same program under the same schedule did not do the same twice: the subject has a source of chance of its own."""


class _Spent(Exception):
    """The budget ended in the middle of a search."""


class Made(NamedTuple):
    """A finding as `make_small` leaves it. `small`: it is a local minimum; False: the budget ended first."""

    finding: Finding[Any]
    small: bool


def investigate(runner: Runner, cause: Cause, program: Any, names: Names) -> Finding[Any]:
    """The finding behind a run of `program` along `names` that showed `cause`: its minimal run, in the weakest order that shows it.

    Raises NotReproducible if the run does not show the cause again.
    """
    return make_small(runner, cause, program, names, UNLIMITED).finding


def make_small(runner: Runner, cause: Cause, program: Any, names: Names, budget: Budget) -> Made:
    """As `investigate`, as far as `budget` allows, which is asked before each run: then the result is the best run so far.

    The cheapest comes first: whole tasks and operations that are plainly not needed. Raises NotReproducible.
    """
    best = _Best(runner, program, names)
    search = _Search(runner, cause, budget, best)
    with patience(cause):
        try:
            small = _smallest(search, program, names)
        except _Spent:
            small = False
        return Made(confirmed(best.runner, cause, best.program, best.names), small)


def confirmed(runner: Runner, cause: Cause, program: Any, names: Names) -> Finding[Any]:
    """The run of `program` along `names` as a finding, not made smaller. Raises NotReproducible."""
    with patience(cause):
        confirm(runner, cause, program, names)
        result, _ = runner.guided(program, names)
    size = (program.operations(), sum(1 for c in result.choices if c))
    return Finding(cause, runner.order, runner.level.cancels(program), program, tuple(names), size, runner.level.name)


def _smallest(search: "_Search", program: Any, names: Names) -> bool:
    """Make the run smaller and its order weaker, and leave the result in `search.best`. Returns True. Raises NotReproducible, _Spent."""
    runner, budget = search.runner, search.budget
    search.confirm(program, names)
    weaker = replace(search, runner=Runner(runner.level, runner.factory, Order.FIFO))
    if runner.order is Order.ANY:
        if budget is not UNLIMITED:  # to have something small should it end before fifo was tried
            shrink(program, names, runner.level.simpler, search.follows)
        # as it was found, too: what makes it fail in fifo, a lock that is held, may not be needed in any
        found = weaker.nearby(program, names)
        if found is not None:
            search, names = weaker, found
            search.keep(program, names)
    program, names = search.shrunk(program, names)
    if search.runner.order is Order.ANY:
        found = weaker.find(program, FAR)
        if found is not None:
            search = weaker
            search.keep(program, found)
            program, names = weaker.shrunk(program, found)
    search.keep(program, names)
    if EARLY in names:  # better without a slow step
        punctual = replace(search, runner=Runner(runner.level, runner.factory, search.runner.order, early_timers=False))
        names = punctual.find(program, FAR) or names
        search.keep(program, names)
    return True


def patience(cause: Cause) -> AbstractContextManager[object]:
    """Around runs that show `cause`: one that blocks the loop for real is given up soon, as it is known to do so."""
    return WATCHDOG.guarded(IMPATIENT) if cause == causes.BLOCKED else nullcontext()


def confirm(runner: Runner, cause: Cause, program: Any, names: Sequence[str], observers: Sequence[Observer] = ()) -> None:
    """Follow `names` twice: both runs must be the same and show `cause`. `observers` hear of the second. Raises NotReproducible."""
    _Search(runner, cause, UNLIMITED).confirm(program, names, observers)


def find(runner: Runner, cause: Cause, program: Any, runs: int, strategy: Strategy | None = None) -> Names | None:
    """A schedule of `program` that shows `cause`, searched by `strategy` within `runs` of `LENGTH` steps; None if it found none.

    Without a strategy, it is one with the fewest deviations from fifo, up to three.
    """
    return _Search(runner, cause, UNLIMITED).find(program, runs, strategy)


@dataclass(slots=True)
class _Best:
    """The best run so far: the smallest in the weakest order."""

    runner: Runner
    program: Any
    names: Names


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for runs that show `cause`, each on `runner`, and keeps the best of them in `best`. Every method raises _Spent."""

    runner: Runner
    cause: Cause
    budget: Budget
    best: "_Best | None" = None

    # --- single runs

    def _ask(self) -> None:
        if self.budget.spent():
            raise _Spent

    def keep(self, program: Any, names: Names) -> None:
        """This run shows the cause, and is better than all before."""
        if self.best is not None:
            self.best.runner, self.best.program, self.best.names = self.runner, program, names

    def guided(self, program: Any, names: Sequence[str]) -> tuple[Result, Names]:
        """Play along `names` as far as they go; the run, and its own names."""
        self._ask()
        return self.runner.guided(program, names)

    def _chosen(self, program: Any, choices: Sequence[int]) -> tuple[Result, Names]:
        """Play these choices; the run, and its names."""
        self._ask()
        return self.runner.record(program, lambda _candidates: fixed(choices))

    def _follow(self, program: Any, names: Sequence[str], observers: Sequence[Observer] = ()) -> Result:
        self._ask()
        return self.runner.follow(program, names, observers)

    def confirm(self, program: Any, names: Sequence[str], observers: Sequence[Observer] = ()) -> None:
        """See `confirm` of this module."""
        mechanism = self.cause.mechanism
        try:
            first, second = self._follow(program, names), self._follow(program, names, observers)
        except Divergence as error:
            raise NotReproducible(f"{mechanism}: {TWICE}: {why_along(self.runner, program, names) or error}") from None
        if first.violations != second.violations or first.choices != second.choices or self.cause not in first.violations:
            told = why_along(self.runner, program, names)
            raise NotReproducible(f"{mechanism}: {TWICE}" + (f": {told}" if told else ""))

    # --- schedules of one program

    def find(self, program: Any, runs: int, strategy: Strategy | None = None) -> Names | None:
        """See `find` of this module."""
        runner, strategy = self.runner, strategy or DelayBounded(3, Random(0))
        until = runner.steps + runs * LENGTH
        for _ in range(runs):
            if runner.steps >= until:
                return None
            self._ask()
            try:
                result = runner.run_strategy(program, strategy)
            except Nondeterministic:
                return None  # nothing can be searched so; whether the finding can be believed is for `confirm` to say
            if result is None:
                return None
            if self.cause in result.violations:
                return self._chosen(program, result.choices)[1]
        return None

    def nearby(self, program: Any, names: Names) -> Names | None:
        """A schedule that shows the cause in the order of the runner: along `names`, with few deviations, or with many by chance."""
        result, done = self.guided(program, names)
        if self.cause in result.violations:
            return done
        return self.find(program, NEAR) or self.find(program, NEAR, RandomWalk(Random(0)))

    def _fewer_switches(self, program: Any, names: Names) -> Names:
        """`names` with each task running on where that shows the cause as well: the steps of others are then easier to leave out."""
        at = 1
        while at < len(names):
            last = names[at - 1]
            if names[at] != last and last in names[at:]:
                later = names.index(last, at)
                result, done = self.guided(program, [*names[:at], last, *names[at:later], *names[later + 1 :]])
                if self.cause in result.violations and _switches(done) < _switches(names):
                    names = done
                    continue
            at += 1
        return names

    def _fewer_deviations(self, program: Any, names: Names) -> Names:
        """`names` without any single deviation that is not needed: gone through again as long as one goes, which may free an earlier
        one.
        """
        choices = self.guided(program, names)[0].choices
        at = kept = 0  # how many in a row are known to be needed, or are none
        while kept < len(choices):
            at %= len(choices)
            if choices[at]:
                result, done = self._chosen(program, [*choices[:at], 0, *choices[at + 1 :]])
                if self.cause in result.violations:
                    choices, names, kept = result.choices, done, 0
            at, kept = at + 1, kept + 1
        return names

    # --- smaller programs

    def shrunk(self, program: Any, names: Names) -> tuple[Any, Names]:
        """The smallest program near `program` that shows the cause, and its schedule."""
        simpler = self.runner.level.simpler
        program, names = shrink(program, names, simpler, self.follows)  # tasks that are plainly not needed go without a search
        if self.runner.order is Order.ANY:
            names = self._fewer_switches(program, names)
        program, names = self._in_order(program, names)
        for _ in range(ROUNDS):
            before = program
            program, names = shrink(program, names, simpler, self._exhibits)
            program, names = self._easiest(program, names)
            program, names = self._in_order(program, names)
            if program == before:
                break
        return program, names

    def follows(self, candidate: Any, near: Names) -> Names | None:
        """The schedule of `candidate` near `near`, if following that shows the cause; no search."""
        result, done = self.guided(candidate, near)
        if self.cause not in result.violations:
            return None
        self.keep(candidate, done)
        return done

    def _exhibits(self, candidate: Any, near: Names) -> Names | None:
        found = self.follows(candidate, near) or self.find(candidate, NEAR)
        if found is None and self.runner.order is Order.ANY:
            found = self.find(candidate, NEAR, PreemptionBounded(PREEMPTIONS, Random(0)))
        if found is not None:
            self.keep(candidate, found)
        return found

    def _in_order(self, program: Any, names: Names) -> tuple[Any, Names]:
        """The program with its tasks in the order of their start, if that shows the cause as well."""
        ordered, near = in_order_of_start(program, names)
        if ordered == program:
            return program, names
        result, done = self.guided(ordered, near)
        return (ordered, done) if self.cause in result.violations else (program, names)

    def _easiest(self, program: Any, names: Names) -> tuple[Any, Names]:
        """With the fewest deviations from fifo; where that takes many, with the fewest preemptions, from whichever task starts first."""
        found = self.find(program, FAR, DelayBounded(DEVIATIONS, Random(0)))
        if found is not None:
            return program, found
        if self.runner.order is Order.ANY and len(program.tasks) <= FEW:
            starts = [name for name in names if name.startswith("+start ")]
            for bound in range(1, PREEMPTIONS + 1):
                for first in permutations(starts):
                    turned, _ = in_order_of_start(program, list(first))
                    found = self.find(turned, FAR, PreemptionBounded(bound, Random(0)))
                    if found is not None:
                        return turned, found
        return program, self.find(program, FAR) or self._fewer_deviations(program, names)


def _switches(names: Names) -> int:
    return sum(name != before for before, name in pairwise(names))
