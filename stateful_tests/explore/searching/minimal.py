"""The smallest run that shows a failure: the fewest deviations from fifo, then the fewest tasks that move, then the shortest.

A scenario has no operations to leave out, so the schedule alone is made small. The result is a local minimum: without any single one of
its deviations the failure does not show. If it has at most `EXACT` of them and the search was not cut off, no run has fewer.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from random import Random
from typing import NamedTuple

from subwarden.checking.scenario.failure import Failure, FailureKind
from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.order import EARLY, Order
from subwarden.scheduling.run import Choose
from subwarden.scheduling.schedule import Guide, fixed
from subwarden.scheduling.strategies.strategy import Nondeterministic, once
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.subjects.scenario.play import VALUE, Result, Rules, ScenarioRunner

EXACT = 3  # deviations, up to which all runs are tried
STEPS = 400_000  # of runs that are made to find one with fewer deviations: each search for one may take half of those that are left
MORE = 300  # further runs with as few deviations, among which one may move fewer tasks
IMPATIENT = 0.25  # seconds that a run may last while one that blocks for real is made smaller
FAULTS = ("+cancel ", "+fail ")

MakeRunner = Callable[[Rules], ScenarioRunner]


class Happened(NamedTuple):
    """One pick: its name, the name of what fifo would have done, and its place among the candidates."""

    name: str
    due: str
    pick: int

    @property
    def is_value(self) -> bool:
        """Whether it is an input of the scenario, and no step."""
        return self.name.startswith(VALUE)


class Run(NamedTuple):
    """A run under these rules, and its failure."""

    rules: Rules
    failure: Failure | None
    choices: list[int]
    happened: list[Happened]

    @property
    def names(self) -> list[str]:
        """Everything that happens, by name."""
        return [each.name for each in self.happened]

    @property
    def deviations(self) -> int:
        """Picks that are not what stock asyncio does."""
        return sum(each.pick > 0 and not each.is_value for each in self.happened)

    def size(self) -> tuple[int, int, int, int]:
        """The measure that shrinking makes smaller."""
        values = sum(each.pick for each in self.happened if each.is_value)
        moved = {each.name for each in self.happened if each.pick and not each.is_value}
        return self.deviations, values, len(moved), len(self.happened)


class NotReproducible(Exception):
    """The same schedule did not give the same run twice; the message says how they differ."""


class BudgetSpent(Exception):
    """The budget ended before the run was minimal."""


def record(runner: ScenarioRunner, make: Callable[[Candidates], Choose]) -> Run:
    """Play once with the chooser that `make` makes, and write down everything that happens."""
    happened: list[Happened] = []

    def recording(candidates: Candidates) -> Choose:
        choose = make(candidates)

        def chosen(n: int) -> int:
            pick = choose(n) if n > 1 else 0
            names = candidates.names()
            happened.append(Happened(names[pick], names[0], pick))
            return pick

        return chosen

    result = runner.run(recording, every_choice=True)
    return Run(runner.rules, result.failure, result.choices, happened)


class Minimizer:
    """Makes runs that show `failure` smaller. `runner_of` makes a runner for other rules. Its methods raise BudgetSpent."""

    def __init__(self, runner_of: MakeRunner, failure: Failure, budget: Budget) -> None:
        self._runners: dict[Rules, ScenarioRunner] = {}
        self._make = runner_of
        self._failure = failure
        self._budget = budget
        self._steps = STEPS

    def minimal(self, rules: Rules, choices: list[int]) -> Run:
        """The smallest run found, under the weakest rules. Raises NotReproducible."""
        run = first = self._confirmed(rules, choices)
        if rules.order is Order.ANY:
            run = self._under(replace(rules, order=Order.FIFO), run) or run
        run = self._shrunk(run)
        if any(name.startswith(FAULTS) for name in run.names):
            weaker = self._under(replace(run.rules, faults=False, cancel=False), run)
            run = run if weaker is None else self._shrunk(weaker)
        if EARLY in run.names:
            weaker = self._under(replace(run.rules, slow_steps=False), run)
            run = run if weaker is None else self._shrunk(weaker)
        return run if run == first else self._confirmed(run.rules, run.choices)

    def _runner_of(self, rules: Rules) -> ScenarioRunner:
        if rules not in self._runners:
            self._runners[rules] = self._make(rules)
        return self._runners[rules]

    # --- single runs

    def _played(self, rules: Rules, make: Callable[[Candidates], Choose]) -> Run | None:
        """A run that shows the failure; None if it does not."""
        if self._budget.spent():
            raise BudgetSpent
        run = record(self._runner_of(rules), make)
        return run if run.failure == self._failure else None

    def _confirmed(self, rules: Rules, choices: list[int]) -> Run:
        first, second = (record(self._runner_of(rules), lambda _: fixed(choices)) for _ in range(2))
        if first.failure != self._failure or first != second:
            raise NotReproducible(difference(first, second))
        return first

    def _guided(self, rules: Rules, names: list[str]) -> Run | None:
        return self._played(rules, lambda candidates: Guide(candidates, names))

    # --- many

    def _under(self, rules: Rules, run: Run) -> Run | None:
        """A run under other `rules` that shows the failure: along `run`, or one with few deviations."""
        return self._guided(rules, run.names) or self._fewest(rules, EXACT)

    def _shrunk(self, run: Run) -> Run:
        if not any(each.pick for each in run.happened):
            return run
        run = self._without_single(self._without_many(run))
        found = self._fewest(run.rules, min(run.deviations, EXACT), run)
        return self._without_single(found) if found is not None and found.size() < run.size() else run

    def _without_many(self, run: Run) -> Run:
        """Put whole stretches back to fifo, long ones first: by place, or by leaving out the names of their deviations. A run with a
        network has deviations by the dozen, and many are needed only for the next one.
        """

        def by_place(run: Run, at: int, size: int) -> Run | None:
            stretch = run.choices[at : at + size]
            near = [*run.choices[:at], *[0] * len(stretch), *run.choices[at + size :]]
            return self._played(run.rules, lambda _: fixed(near)) if any(stretch) else None

        def by_name(run: Run, at: int, size: int) -> Run | None:
            stretch = run.happened[at : at + size]
            kept = [each.name for each in stretch if not each.pick]
            near = [*run.names[:at], *kept, *run.names[at + size :]]
            return self._guided(run.rules, near) if len(kept) < len(stretch) else None

        size = len(run.happened)
        while size > 1:
            at = 0
            while at < len(run.happened):
                for left_out in (by_place, by_name):
                    smaller = left_out(run, at, size)
                    if smaller is not None and smaller.size() < run.size():
                        run = smaller
                        break
                else:
                    at += size
            size //= 2
        return run

    def _without_single(self, run: Run) -> Run:
        """Leave out deviations one by one, as long as one can go."""
        progress = True
        while progress:
            progress = False
            for at, each in enumerate(run.happened):
                if not each.pick:
                    continue
                rest = [other.name for other in run.happened[at:]]
                if each.is_value:
                    near = [*run.names[:at], each.due, *rest[1:]]
                else:
                    near = [*run.names[:at], each.due, *rest]
                    if each.due in rest:
                        del near[near.index(each.due, at + 1)]
                smaller = self._guided(run.rules, near)
                if smaller is None or smaller.size() >= run.size():
                    smaller = self._guided(run.rules, [*run.names[:at], *rest[1:]])
                if smaller is not None and smaller.size() < run.size():
                    run, progress = smaller, True
                    break
        return run

    def _fewest(self, rules: Rules, bound: int, known: Run | None = None) -> Run | None:
        """A run with the fewest deviations, up to `bound`, and of those one that moves few tasks; None if none was found in time."""
        runner, search = self._runner_of(rules), DelayBounded(bound, Random(0))
        began, most = runner.steps, self._steps // 2
        best: Run | None = None
        left = MORE
        while runner.steps - began < most and left:
            if self._budget.spent():
                raise BudgetSpent
            result = strategic(runner, search)
            if result is None or (best is not None and search.complete >= best.deviations):
                break
            if best is not None:
                left -= 1
            if result.failure == self._failure:
                choices = result.choices
                run = self._played(rules, lambda _, choices=choices: fixed(choices))  # type: ignore[misc]  # a default binds it now
                if run is not None and (best is None or run.size() < best.size()):
                    best = run
        self._steps -= min(most, runner.steps - began)
        return best


def strategic(runner: ScenarioRunner, search: DelayBounded) -> Result | None:
    """One run by `search`; None if there is none, or the scenario is not the same in every run."""
    try:
        return once(search, runner.run)
    except Nondeterministic:
        return None


def patience(failure: Failure) -> AbstractContextManager[object]:
    """Around runs that show `failure`: one that blocks the loop for real is given up soon, as it is known to do so."""
    return WATCHDOG.guarded(IMPATIENT) if failure.kind is FailureKind.BLOCKED else nullcontext()


def difference(first: Run, second: Run) -> str:
    """How two runs of the same choices differ."""
    for at, (one, other) in enumerate(zip(first.names, second.names, strict=False)):
        if one != other:
            return f"at step {at + 1} one run does {one!r}, and another {other!r}"
    if len(first.names) != len(second.names):
        return f"one run ends after {len(first.names)} steps, and another after {len(second.names)}"
    return "they end in different ways"
