"""Draws programs for one check, and has a runner for them.

The number of runs of a program, and their strategies, are up to its driver: the gate gives each a fixed number
(`gate.search`), a hunt goes on as long as runs show something new (`hunt.search`).
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from hypothesis import seed
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from subwarden.checking.causes import Cause
from subwarden.scheduling.schedule import fixed
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.end_states import EndStateRunner
from subwarden.stateful_tests.exploring.coverage.inner_states import InnerStates
from subwarden.stateful_tests.exploring.coverage.points import CANCELS, DELIVERED, DELIVERED_IN, Point, PointKind, at_level, points
from subwarden.stateful_tests.exploring.drawing.draws import by_seed_alone
from subwarden.stateful_tests.exploring.drawing.escape import let_out
from subwarden.stateful_tests.exploring.drawing.growth import CANCELLING, PATIENCE, Growth
from subwarden.stateful_tests.exploring.drawing.machine import DrawnEnough
from subwarden.stateful_tests.exploring.drawing.profiles import Profile, hypothesis_settings
from subwarden.stateful_tests.exploring.level import Drawing, Factory, Level, Names, Program
from subwarden.stateful_tests.exploring.runner import Runner

Look = Callable[[Any, Names, dict[Cause, int]], object]  # given a program, the schedule of a run, and its violations
# given a program, the schedule of the run in which it was drawn, and the violations of that; None: the run was given up before its end
Drive = Callable[[Any, Names, dict[Cause, int] | None], object]


class Explorer:
    """Draws the programs of `check` until `budget` is spent, and gives each to `drive`, with the run in which it was drawn."""

    def __init__(
        self, check: Check, level: Level, factory: Factory, budget: Budget, drive: Drive, *, sample_every: int = 1, graph: Any = None
    ) -> None:
        """`level` is the one that `check` names; `factory` makes its subject. One run of `sample_every` is sampled for its end state, and
        every run where programs are grown.

        `graph`: the level's `new_graph()`, where several explorers share one.
        """
        self.check = check
        self.level = level
        vocabulary = level.vocabulary(factory)
        self.runner = EndStateRunner(level, factory, check.order, every=sample_every if vocabulary is None else 1)
        self.growth: Growth | None = None
        if vocabulary is not None:
            self.growth = Growth(vocabulary, CANCELLING if check.cancellation else PATIENCE)
        if graph is not None:
            self.runner.graph = graph
        self.happened: set[Point] = set()  # points of coverage beside the runner's
        self.transitions: set[Any] = set()  # of the model, taken in the runs in which programs were drawn
        self._budget = budget
        self._drive = drive
        self._rules: set[str] = set()
        # one class for all rounds: Hypothesis keeps its notes on every machine class for ever
        self._machine = level.machine(
            Drawing(
                factory,
                check.order,
                check.cancellation,
                drive,
                budget.spent,
                self.runner.fired,
                self._rules,
                self.happened,
                self.transitions,
                lambda: self.runner.graph,
            )
        )

    def begin(self) -> None:
        """Forget what programs to vary: the same round is the same in every process."""
        growth = self.growth
        if growth is not None:
            growth.begin()
            states = InnerStates()
            self.runner.look = lambda subject: growth.reached(states.of(subject))

    def round(self, number: int | str, profile: Profile, examples: int) -> None:
        """Draw `examples` programs, the same for the same `number`, and drive each."""
        text = f"{self.check.named(self.level.drawn_as)} {number}"
        try:
            with let_out(), by_seed_alone():
                run_state_machine_as_test(seed(text)(self._machine), settings=hypothesis_settings(profile, examples))
        except DrawnEnough:
            return
        except Flaky:  # examples have become empty in the middle: the budget is spent
            if not self._budget.spent():
                raise

    def grow(self, most: int, random: Random, left: Callable[[], bool] = lambda: True) -> None:
        """Drive up to `most` variations of programs whose runs reached new states, while there is time `left`; none where the level does
        not vary programs.
        """
        for _ in range(most):
            if self.growth is None or self._budget.spent() or not left():
                return
            program = self.growth.next(random)
            if program is not None:
                result, names = self.runner.record(program, lambda _: fixed(()))
                self._drive(program, names, result.violations)

    def walk(
        self,
        most: int,
        random: Random,
        look: Look,
        left: Callable[[], bool] = lambda: True,
        glance: Callable[[Any], object] = lambda _: None,
    ) -> None:
        """Play up to `most` walks calmly, each call answered before the next arrives, and give those runs to `look`; then give the walks
        whose calm run was right to `glance`, and then drive them, while there is time `left`. None where the level does not vary programs.
        """
        played: list[tuple[Any, Names, dict[Cause, int]]] = []
        for program in () if self.growth is None else self.growth.walks(most, random):
            if self._budget.spent():
                return
            result, names = self.runner.record(program, lambda _: fixed(()))
            look(program, names, result.violations)
            if not result.violations:
                played.append((program, names, result.violations))
        for program, _, _ in played:
            if self._budget.spent() or not left():
                return
            glance(program)
        for program, names, violations in played:
            if self._budget.spent() or not left():
                return
            self._drive(program, names, violations)

    def drawn(self, program: Program, names: Names, violations: dict[Cause, int] | None) -> tuple[Names, dict[Cause, int]]:
        """The run in which `program` was drawn: its schedule and its violations. One that was given up is played again."""
        if violations is None:
            result, names = self.runner.guided(program, names)
            violations = result.violations
        return names, violations

    def fired(self) -> set[Point]:
        """The points of coverage that the runs so far have covered."""
        return fired(self.runner, self._rules, self.happened)


def fired(runner: Runner, rules: Iterable[str] = (), happened: Iterable[Point] = ()) -> set[Point]:
    """The points of coverage of the runs of `runner`, and of a machine's `rules`."""
    level = runner.level
    found = points(PointKind.RULE, rules) | level.fired(runner.fired) | runner.happened | set(happened)
    if DELIVERED in found:
        found.add(DELIVERED_IN[runner.order])
    if any(point.kind is PointKind.CANCELLATION for point in runner.happened):  # a fault of a run counts as one that was drawn
        found.add(CANCELS)
    return at_level(level.scope, found)
