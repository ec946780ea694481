"""One check: one level, one subject, one order, with or without cancellation. Programs from the rule machine, many schedules of each."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import seed
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.sampling.pct import Pct
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.strategy import Nondeterministic, Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.scheduling.strategies.systematic.fault_bounded import FaultBounded
from subwarden.stateful_tests.exploring import fault_sweep as each_fault
from subwarden.stateful_tests.exploring.coverage import completeness as complete
from subwarden.stateful_tests.exploring.coverage.end_states import EndStateRunner
from subwarden.stateful_tests.exploring.coverage.good_turing import Seen, digest
from subwarden.stateful_tests.exploring.coverage.overlap import PASSED, Closely, look_closely
from subwarden.stateful_tests.exploring.drawing.draws import by_seed_alone
from subwarden.stateful_tests.exploring.drawing.escape import let_out
from subwarden.stateful_tests.exploring.drawing.profiles import Profile, hypothesis_settings
from subwarden.stateful_tests.exploring.findings.investigate import NotReproducible, investigate
from subwarden.stateful_tests.exploring.level import Drawing, Factory, Program
from subwarden.stateful_tests.exploring.runner import Runner
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL

ENDS_EVERY = 8  # of so many runs one is asked how it ended: asking all would cost a twentieth of the time
LOOKED_AT = (2, 64)  # runs of a program that are looked at closely; each costs as much as three others


@dataclass
class CheckOutcome:
    """What a check did and found. Plain data: it crosses processes."""

    name: str
    replays: bool = False  # it plays what was saved, of which there need be nothing
    programs: int = 0
    schedules: int = 0
    steps: int = 0
    seconds: float = 0.0
    findings: dict[Cause, Finding[Any]] = field(default_factory=dict)
    fired: set[str] = field(default_factory=set)
    brought: set[str] = field(default_factory=set)  # what must fire because the subject brings it
    absent: set[str] = field(default_factory=set)  # what the subject does not have, so that it need not fire
    transitions: set[Any] = field(default_factory=set)  # of the model, taken in the machine's own runs
    complete: Counter[str] = field(default_factory=Counter)  # what was complete, and of how many programs: see `exploring.complete`
    closely: Closely = field(default_factory=Closely)
    ends: Seen = field(default_factory=Seen)  # how runs ended, of a sample of them
    doubts: list[str] = field(default_factory=list)

    def merge(self, other: "CheckOutcome") -> None:
        """Add what another shard of the same check, or another check, did."""
        self.programs += other.programs
        self.schedules += other.schedules
        self.steps += other.steps
        self.seconds += other.seconds
        self.fired |= other.fired
        self.brought |= other.brought
        self.absent |= other.absent
        self.transitions |= other.transitions
        self.complete += other.complete
        self.closely.merge(other.closely)
        self.ends.merge(other.ends)
        self.doubts += [d for d in other.doubts if d not in self.doubts]
        for cause, finding in other.findings.items():
            if cause not in self.findings or finding.rank() < self.findings[cause].rank():
                self.findings[cause] = finding

    def look_into(self, runner: Runner, program: Program, names: list[str], violations: Iterable[Cause]) -> None:
        """Make findings of what a run of `program` along `names` has shown, where none is known; or a doubt, if it does not replay."""
        for cause in violations:
            if cause not in self.findings:
                try:
                    self.findings[cause] = investigate(runner, cause, program, names)
                except NotReproducible as doubt:
                    self.doubts.append(str(doubt))

    def never_fired(self, checks: Iterable["Check"]) -> set[str]:
        """What must have fired in some of `checks`, whose outcome this is, for a pass not to be vacuous, and did not."""
        return self.brought.union(*(check.expected() for check in checks)) - self.fired - self.absent


def merged(outcomes: Iterable[CheckOutcome]) -> CheckOutcome:
    """What they all did."""
    whole = CheckOutcome("all")
    for outcome in outcomes:
        whole.merge(outcome)
    return whole


@dataclass(frozen=True, slots=True)
class Check:
    """What is to be checked."""

    order: Order
    cancellation: bool
    level: str = MANAGER_LEVEL.name

    @property
    def name(self) -> str:
        return self.named(self.level)

    def named(self, level: str) -> str:
        """Its name, where its level is called `level`."""
        return f"{level}, {self.order.value}" + (" + cancel" if self.cancellation else "")

    def expected(self) -> set[str]:
        """What must have fired, in some check, for a pass not to be vacuous."""
        level = LEVELS[self.level]
        expected = level.expected(self.order, self.cancellation) | {f"order {self.order.value}: an outside event between ready steps"}
        if self.order is Order.ANY:
            expected |= {PASSED, "order any: a free lock suspends"}
        return {level.prefix + name for name in expected}


def checks_of(*levels: str) -> tuple[Check, ...]:
    """All checks of these levels."""
    return tuple(Check(order, cancellation, level) for level in levels for order in Order for cancellation in (False, True))


CHECKS = checks_of(MANAGER_LEVEL.name)


def still_to_do(outcomes: Mapping[Check, CheckOutcome], covered: Iterable[str] = ()) -> list[Check]:
    """The checks in which something should have fired that fired in none of them, and is not `covered` otherwise."""
    never = merged([CheckOutcome("covered", fired=set(covered)), *outcomes.values()]).never_fired(outcomes)
    return [check for check, outcome in outcomes.items() if never & (check.expected() | outcome.brought)]


class Explorer:
    """Drives the schedules of every program that the machine draws."""

    def __init__(
        self,
        check: Check,
        factory: Factory,
        profile: Profile,
        enough: Callable[[], bool],
        progress: Callable[[int], object],
        *,
        ends_every: int = ENDS_EVERY,
    ) -> None:
        self.check = check
        self.outcome = CheckOutcome(check.name)
        self.rules: set[str] = set()
        self.happened: set[str] = set()
        self.level = LEVELS[check.level]
        self.runner = EndStateRunner(self.level, factory, check.order, every=ends_every)
        self._factory = factory
        self._profile = profile
        self._schedules = int(profile.schedules * self.level.share)
        self._hopeless = False
        self._nondeterministic = False  # whether a doubt says so
        self._enough: Callable[[], bool] = lambda: self._hopeless or enough()
        self._progress = progress
        self._random = Random(0)
        self._made = 0  # runs of the program at hand

    def round(self, number: int, examples: int) -> None:
        """Draw `examples` programs, the same for the same `number`."""
        self._random = Random(f"{self.check.named(self.level.drawn_as)} {number}")
        self._draw(self._machine(self._factory, self.runner.fired, self.outcome.transitions), number, self._profile, examples)

    def _machine(self, factory: Factory, kinds: set[str], transitions: set[Any]) -> Any:
        check = self.check
        drawing = Drawing(factory, check.order, check.cancellation, self.drawn, self._enough, kinds, self.rules, self.happened, transitions)
        return self.level.machine(drawing)

    def _draw(self, machine: Any, number: int, profile: Profile, examples: int) -> None:
        try:
            with let_out(), by_seed_alone():
                run_state_machine_as_test(
                    seed(f"{self.check.named(self.level.drawn_as)} {number}")(machine), settings=hypothesis_settings(profile, examples)
                )
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
        left = self._schedules
        self._made = 0
        if self.check.cancellation:
            struck, runs = self._strike(program, names)
            self.outcome.complete.update(struck)
            left -= runs
        self._explore_variants(program, left)
        self._progress(self.runner.schedules - before)

    def _strike(self, program: Program, names: list[str]) -> tuple[Counter[str], int]:
        """Each fault at each moment of a few schedules: what was complete, and how many runs that took."""
        budget = int(self._schedules * each_fault.SHARE)
        return each_fault.strike(self.level, program, each_fault.bases_of(self.runner, program, names), budget, self._struck)

    def _struck(self, program: Program, strategy: FaultBounded) -> bool:
        """One run; whether there was one."""
        return not self._enough() and self._once(program, strategy)

    def _once(self, program: Program, strategy: Strategy) -> bool:
        """One run, looked into if it shows something new. False: there was none, or `strategy` is of no use here."""
        try:
            result = self.runner.run_strategy(program, strategy)
        except Nondeterministic as error:  # a systematic strategy needs a subject that does the same under the same schedule
            if not self._hopeless and not self._nondeterministic:
                self.outcome.doubts.append(str(error))
                self._nondeterministic = True
            return False
        if result is None:
            return False
        if self.runner.end is not None:
            self.outcome.ends.add([(digest(self.runner.end.text()), 1)])
        self._made += 1
        if self._made in LOOKED_AT:
            look_closely(self.level, self._factory, self.check.order, program, result.choices, self.outcome.closely, self.happened)
        if result.violations and not self.outcome.findings.keys() >= result.violations.keys():
            names = self.runner.record(program, lambda _candidates: fixed(result.choices))[1]
            self._found(program, names, result.violations)
        return True

    def _explore_variants(self, program: Program, schedules: int, *, least: int = 1, most: int | None = None) -> None:
        """Share `schedules` among the variants of `program`, or `most` of them; each gets at least `least`."""
        variants = self.level.variants(program, self.check.cancellation, self._random)
        if most is not None and len(variants) > most:
            variants = self._random.sample(variants, most)
        share = max(least, schedules // len(variants))
        for variant, times in Counter(variants).items():
            self._explore(variant, share * times)

    def _explore(self, program: Program, schedules: int) -> None:
        seeded = Random(self._random.getrandbits(64))
        systematic = DelayBounded(1, seeded)
        strategies: list[Strategy] = [systematic, RandomWalk(seeded), Pct(seeded, 2), RandomWalk(seeded), Pct(seeded, 3)]
        for number in range(schedules):
            if self._hopeless or (number % 64 == 0 and self._enough()):
                break
            strategy = strategies[number % len(strategies)]
            if not self._once(program, strategy):
                strategies.remove(strategy)
        self.outcome.complete.update(complete.deviations(systematic.complete, systematic.everything))

    def _found(self, program: Program, names: list[str], violations: dict[Cause, int]) -> None:
        if causes.BLOCKED in violations:  # every run of it costs seconds: one finding is all that this check will bring
            self._hopeless = True
        self.outcome.look_into(self.runner, program, names, violations)

    def finish(self) -> CheckOutcome:
        """The outcome so far."""
        outcome, runner = self.outcome, self.runner
        outcome.schedules, outcome.steps = runner.schedules, runner.steps
        outcome.fired = fired(runner, self.rules, self.happened)
        outcome.brought = {self.level.prefix + name for name in self.level.brings(self._factory)}
        outcome.absent = {self.level.prefix + name for name in self.level.absent(self._factory)}
        return outcome


def fired(runner: Runner, rules: Iterable[str] = (), happened: Iterable[str] = ()) -> set[str]:
    """What the runs of `runner`, and a machine's `rules`, have covered, by the names of `Check.expected`."""
    names = {f"rule {rule}" for rule in rules} | runner.level.fired(runner.fired) | runner.happened | set(happened)
    return {runner.level.prefix + name for name in names}
