"""A portion of an exploration: plain data that any process can do, and that decides alone what is done. Its outcome is plain data, too.

A search is split by strategy, by range of seeds (`Sampled`) and by subtree: `Deviations` are the runs that begin with certain choices,
`Expansions` the choices at certain states. No two portions of a search make the same run on purpose.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from subwarden.checking.scenario.failure import Failure
from subwarden.scheduling.state_search.layers import Expand, Place, State
from subwarden.scheduling.strategies.portfolio import samplers, sources
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.strategy import Nondeterministic, Redundant, Strategy, once
from subwarden.scheduling.strategies.systematic.delay_bounded import Along
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.subjects.scenario.play import Result, Rules, ScenarioRunner
from subwarden.stateful_tests.workers.crash import Death

AFTER = 100  # schedules after the first failure, which may show another one
END_STATES = 24  # every so many runs the end state is looked at


@dataclass(frozen=True, slots=True)
class Sampled:
    """So many schedules, drawn by `seed`: random walks, or by the strategies that learn from their own runs, in turn."""

    rules: Rules
    seed: str
    schedules: int
    learning: bool


@dataclass(frozen=True, slots=True)
class Deviations:
    """The runs of a delay-bounded search with these `prefixes`."""

    rules: Rules
    prefixes: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Expansions:
    """Each choice at each of these states. `births`: see `Expand`."""

    rules: Rules
    places: tuple[Place, ...]
    births: bool


Portion = Sampled | Deviations | Expansions


@dataclass(slots=True)
class Done:
    """The outcome of a portion. `failing`: for each new failure the choices of its first run, and the number of that in the portion.

    `complete`: it was done to its end; `widths`: see `DelayBounded.ran`; `found`, `indigestible`, `needs_births`: see `Expand`; `killed`:
    how the last process died that did it, as all before it.
    """

    complete: bool = True
    schedules: int = 0
    steps: int = 0
    decided: bool = False
    met: dict[str, bool] = field(default_factory=dict)
    failing: list[tuple[list[int], int]] = field(default_factory=list)
    end_states: list[int] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    widths: list[tuple[int, ...]] = field(default_factory=list)
    found: list[list[State | None]] = field(default_factory=list)
    indigestible: str | None = None
    needs_births: bool = False
    killed: Death | None = None


class PortionRunner:
    """Does portions. `runner_of` makes a runner for rules."""

    def __init__(self, runner_of: Callable[[Rules], ScenarioRunner]) -> None:
        self._make = runner_of
        self._runners: dict[Rules, ScenarioRunner] = {}
        self._known: set[Failure] = set()

    def do(self, portion: Portion, budget: Budget) -> Done:
        """The outcome of `portion`, or of the part for which there was time."""
        runner, done = self._runner(portion), Done()
        schedules, steps = runner.schedules, runner.steps
        self._known = set()
        match portion:
            case Sampled():
                self._sample(portion, runner, done, budget)
            case Deviations():
                self._deviate(portion, runner, done, budget)
            case Expansions():
                self._expand(portion, runner, done, budget)
        done.schedules, done.steps = runner.schedules - schedules, runner.steps - steps
        done.decided, done.met = runner.decided, dict(runner.met)
        return done

    def _runner(self, portion: Portion) -> ScenarioRunner:
        runner = self._runners.get(portion.rules)
        if runner is None:
            runner = self._runners[portion.rules] = self._make(portion.rules)
        return runner

    def _sample(self, portion: Sampled, runner: ScenarioRunner, done: Done, budget: Budget) -> None:
        random = Random(portion.seed)

        def value(n: int) -> int:
            return int(random.random() * n)

        turns = learners(random) if portion.learning else [RandomWalk(Random(random.getrandbits(64)))]
        until, number, at = portion.schedules, 0, 0
        while number < until and turns:
            if budget.spent():
                done.complete = False
                return
            strategy = turns[at % len(turns)]
            at += 1
            number += 1
            runner.sample_end = number % END_STATES == 0
            try:
                result = once(strategy, partial(runner.run, decide=value))
            except Nondeterministic as error:
                done.doubts.append(str(error))
                result = None
            finally:
                runner.sample_end = False
            if result is None:
                turns = [each for each in turns if each is not strategy]
                number -= 1
                continue
            done.end_states += [] if runner.end_state is None else [runner.end_state]
            if self._fails(result, number, done):
                until = min(until, number + AFTER)

    def _deviate(self, portion: Deviations, runner: ScenarioRunner, done: Done, budget: Budget) -> None:
        for number, prefix in enumerate(portion.prefixes, 1):
            if budget.spent():
                done.complete = False
                return
            along = Along(prefix)
            try:
                result = runner.run(lambda _, along=along: along.choose())  # type: ignore[misc]  # a default binds it now
                along.finish()
            except Nondeterministic as error:
                done.doubts.append(str(error))
                done.complete = False
                return
            done.widths.append(tuple(along.widths))
            self._fails(result, number, done)

    def _expand(self, portion: Expansions, runner: ScenarioRunner, done: Done, budget: Budget) -> None:
        strategy = Expand(portion.places, births=portion.births)
        number = 0
        while not budget.spent():
            try:
                result = once(strategy, runner.run)
            except Redundant:
                strategy.end([], 0)
                continue
            except Nondeterministic as error:
                strategy.indigestible = str(error)
                break
            if result is None:
                break
            number += 1
            self._fails(result, number, done)
        done.complete, done.found = strategy.complete, strategy.found
        done.indigestible, done.needs_births = strategy.indigestible, strategy.needs_births

    def _fails(self, result: Result, number: int, done: Done) -> bool:
        """Whether a run shows a failure that is new in this portion; then it is kept."""
        failure = result.failure
        if failure is None or failure in self._known:
            return False
        self._known.add(failure)
        done.failing.append((result.choices, number))
        return True


def learners(random: Random) -> list[Strategy]:
    """The strategies beside the random walk, in the order of their turns; each has its own source of chance."""
    surw, urw, pos, feedback, pct2, pct3, pct4 = samplers(sources(random))
    return [pct3, surw, pct4, pos, pct2, urw, pct3, feedback]
