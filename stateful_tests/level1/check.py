"""One check of level 1: one subject, one order, with or without cancellation. Programs from the rule machine, many schedules of each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import seed
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from checking import causes
from checking.causes import Cause
from checking.finding import Finding
from model.kinds import KINDS
from model.operations import BY_NAME, OPERATIONS
from scheduling.order import Order
from scheduling.schedule import fixed
from scheduling.strategies.delay_bounded import DelayBounded
from scheduling.strategies.pct import Pct
from scheduling.strategies.random_walk import RandomWalk
from scheduling.strategies.strategy import Strategy
from stateful_tests.level1.investigate import NotReproducible, investigate
from stateful_tests.level1.machine import Transitions, machine_for
from stateful_tests.level1.program import Program
from stateful_tests.level1.runner import Factory, Runner
from stateful_tests.profiles import Profile, hypothesis_settings

RULES = (*(o.name for o in OPERATIONS if not o.name.startswith(("state_", "hold_"))), "advance", "settle", "cancel")
CANCELLATIONS = ("waiting for M", "waiting for T", "woken already", "waiting outside")


@dataclass
class Outcome:
    """What a check did and found. Plain data: it crosses processes."""

    name: str
    programs: int = 0
    schedules: int = 0
    steps: int = 0
    seconds: float = 0.0
    findings: dict[Cause, Finding[Program]] = field(default_factory=dict)
    fired: set[str] = field(default_factory=set)
    transitions: Transitions = field(default_factory=set)  # of the model, taken in the machine's own runs
    doubts: list[str] = field(default_factory=list)

    def merge(self, other: "Outcome") -> None:
        """Add what another shard of the same check, or another check, did."""
        self.programs += other.programs
        self.schedules += other.schedules
        self.steps += other.steps
        self.seconds += other.seconds
        self.fired |= other.fired
        self.transitions |= other.transitions
        self.doubts += [d for d in other.doubts if d not in self.doubts]
        for cause, finding in other.findings.items():
            if cause not in self.findings or finding.rank() < self.findings[cause].rank():
                self.findings[cause] = finding


@dataclass(frozen=True, slots=True)
class Check:
    """What is to be checked."""

    order: Order
    cancellation: bool

    @property
    def name(self) -> str:
        return f"level 1, {self.order.value}" + (" + cancel" if self.cancellation else "")

    def expected(self) -> set[str]:
        """What must have fired, in some check, for a pass not to be vacuous."""
        expected = {f"rule {rule}" for rule in RULES if rule != "cancel" or self.cancellation}
        expected |= {f"operation {o.name}" for o in OPERATIONS} | {f"transition {kind}" for kind in KINDS if kind.split(":")[0] in BY_NAME}
        expected.add(f"order {self.order.value}: an outside event between ready steps")
        if self.order is Order.ANY:
            expected |= {"order any: a ready step before an older one", "order any: a free lock suspends"}
        if self.cancellation:
            expected |= {f"cancellation while {moment}" for moment in CANCELLATIONS}
        return expected


CHECKS = tuple(Check(order, cancellation) for order in Order for cancellation in (False, True))


class Explorer:
    """Drives the schedules of every program that the machine draws."""

    def __init__(
        self, check: Check, factory: Factory, profile: Profile, enough: Callable[[], bool], progress: Callable[[int], object]
    ) -> None:
        self.check = check
        self.outcome = Outcome(check.name)
        self.rules: set[str] = set()
        self.happened: set[str] = set()
        self.runner = Runner(factory, check.order)
        self._factory = factory
        self._profile = profile
        self._hopeless = False
        self._enough: Callable[[], bool] = lambda: self._hopeless or enough()
        self._progress = progress
        self._random = Random(0)

    def round(self, number: int, examples: int) -> None:
        """Draw `examples` programs, the same for the same `number`."""
        self._random = Random(f"{self.check.name} {number}")
        machine = machine_for(
            self._factory,
            self.check.order,
            cancel=self.check.cancellation,
            drawn=self.drawn,
            enough=self._enough,
            fired=self.runner.fired,
            rules=self.rules,
            happened=self.happened,
            transitions=self.outcome.transitions,
        )
        self._draw(machine, number, self._profile, examples)

    def _draw(self, machine: Any, number: int, profile: Profile, examples: int) -> None:
        try:
            run_state_machine_as_test(seed(number)(machine), settings=hypothesis_settings(profile, examples))
        except Flaky:  # examples have become empty in the middle: time is up, or there is nothing more to find
            if not self._enough():
                raise

    def drawn(self, program: Program, names: list[str], violations: dict[Cause, int] | None) -> None:
        """A program has been drawn and played once under `names`; None: that run was given up, so it is played again."""
        self.outcome.programs += 1
        if violations is None:
            result, names = self.runner.guided(program, names)
            violations = result.violations
        self._found(program, names, violations)
        if self._enough():
            return
        before = self.runner.schedules
        variants = self._variants(Program(program.tasks))
        share = max(1, self._profile.schedules // len(variants))
        for variant in variants:
            self._explore(variant, share)
        self._progress(self.runner.schedules - before)

    def _variants(self, program: Program) -> list[Program]:
        """The program with nothing cancelled or, to check cancellation, with each task in turn and some pairs."""
        if not self.check.cancellation:
            return [program]
        tasks = range(len(program.tasks))
        singles = [Program(program.tasks, (at,)) for at in tasks]
        pairs = [Program(program.tasks, tuple(sorted(self._random.sample(tasks, 2)))) for _ in tasks] if len(tasks) > 1 else []
        return singles + pairs

    def _explore(self, program: Program, schedules: int) -> None:
        seeded = Random(self._random.getrandbits(64))
        strategies: list[Strategy] = [DelayBounded(1, seeded), RandomWalk(seeded), Pct(seeded, 2), RandomWalk(seeded), Pct(seeded, 3)]
        for number in range(schedules):
            if self._hopeless or (number % 64 == 0 and self._enough()):
                return
            strategy = strategies[number % len(strategies)]
            result = self.runner.run_strategy(program, strategy)
            if result is None:
                strategies.remove(strategy)
                continue
            if result.violations and not self.outcome.findings.keys() >= result.violations.keys():
                names = self.runner.record(program, lambda _loop, _order, made=result.choices: fixed(made))[1]  # type: ignore[misc]
                self._found(program, names, result.violations)

    def _found(self, program: Program, names: list[str], violations: dict[Cause, int]) -> None:
        for cause in violations:
            if cause in self.outcome.findings:
                continue
            if cause == causes.BLOCKED:  # every run of it costs seconds: one finding is all that this check will bring
                self._hopeless = True
            try:
                self.outcome.findings[cause] = investigate(self.runner, cause, program, names)
            except NotReproducible as doubt:
                self.outcome.doubts.append(str(doubt))

    def finish(self) -> Outcome:
        """The outcome so far."""
        outcome, runner = self.outcome, self.runner
        outcome.schedules, outcome.steps = runner.schedules, runner.steps
        outcome.fired = {f"rule {rule}" for rule in self.rules} | fired(runner) | self.happened
        return outcome


def fired(runner: Runner) -> set[str]:
    """What the runs of `runner` have covered, by the names of `Check.expected`."""
    names = {f"transition {kind}" for kind in runner.fired} | {f"operation {kind.split(':')[0]}" for kind in runner.fired}
    return names | runner.happened
