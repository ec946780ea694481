"""The outcome of a check: the work that was done, the findings and the coverage. Outcomes add up: over shards, rounds and checks."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.good_turing import DigestCounter
from subwarden.stateful_tests.exploring.coverage.overlap import Closely
from subwarden.stateful_tests.exploring.coverage.points import Point
from subwarden.stateful_tests.exploring.coverage.stakes import Stakes
from subwarden.stateful_tests.exploring.findings.investigate import NotReproducible, investigate
from subwarden.stateful_tests.exploring.level import Level, Program
from subwarden.stateful_tests.exploring.runner import Runner

MakeFinding = Callable[[Runner, Cause, Any, list[str]], Finding[Any]]  # raises NotReproducible


@dataclass
class CheckOutcome:
    """The outcome of one check, as plain data: it crosses processes."""

    name: str
    replays: bool = False  # it plays saved runs, of which there may be none
    programs: int = 0
    schedules: int = 0
    steps: int = 0
    seconds: float = 0.0
    findings: dict[Cause, Finding[Any]] = field(default_factory=dict)
    fired: set[Point] = field(default_factory=set)
    brought: set[Point] = field(default_factory=set)  # points that must be covered because the subject brings them
    absent: set[Point] = field(default_factory=set)  # points that the subject does not have, so that they need not be covered
    transitions: set[Any] = field(default_factory=set)  # of the model, taken in the machine's own runs
    complete: Counter[str] = field(default_factory=Counter)  # of how many programs each search was complete: see `coverage.completeness`
    stakes: Stakes = field(default_factory=Counter)
    closely: Closely = field(default_factory=Closely)
    end_states: DigestCounter = field(default_factory=DigestCounter)  # of a sample of the runs
    doubts: list[str] = field(default_factory=list)

    def merge(self, other: "CheckOutcome") -> None:
        """Add the outcome of another shard of the same check, or of another check."""
        self.programs += other.programs
        self.schedules += other.schedules
        self.steps += other.steps
        self.seconds += other.seconds
        self.fired |= other.fired
        self.brought |= other.brought
        self.absent |= other.absent
        self.transitions |= other.transitions
        self.complete += other.complete
        self.stakes += other.stakes
        self.closely.merge(other.closely)
        self.end_states.merge(other.end_states)
        self.doubts += [d for d in other.doubts if d not in self.doubts]
        for cause, finding in other.findings.items():
            if cause not in self.findings or finding.rank() < self.findings[cause].rank():
                self.findings[cause] = finding

    def look_into(
        self, runner: Runner, program: Program, names: list[str], violations: Iterable[Cause], make: MakeFinding = investigate
    ) -> None:
        """`make` findings of the `violations` of a run of `program` along `names`, where none is known; or a doubt, if it does not
        replay.
        """
        for cause in violations:
            if cause not in self.findings:
                try:
                    self.findings[cause] = make(runner, cause, program, names)
                except NotReproducible as doubt:
                    self.doubts.append(str(doubt))

    def never_fired(self, checks: Iterable[Check], levels: Mapping[str, Level]) -> set[Point]:
        """The points that some of `checks`, whose outcome this is, must cover for a pass not to be vacuous, and that none covered."""
        return self.brought.union(*(check.expected(levels[check.level]) for check in checks)) - self.fired - self.absent


def merged(outcomes: Iterable[CheckOutcome]) -> CheckOutcome:
    """The outcome of all of them."""
    whole = CheckOutcome("all")
    for outcome in outcomes:
        whole.merge(outcome)
    return whole


def unfinished(outcomes: Mapping[Check, CheckOutcome], levels: Mapping[str, Level], covered: Iterable[Point] = ()) -> list[Check]:
    """The checks that expect a point which none of them has covered, and which is not `covered` otherwise."""
    never = merged([CheckOutcome("covered", fired=set(covered)), *outcomes.values()]).never_fired(outcomes, levels)
    return [check for check, outcome in outcomes.items() if never & (check.expected(levels[check.level]) | outcome.brought)]
