"""The work and the findings of a hunt, as plain data that crosses processes, adds up, and is written to disk.

All of it is bounded: by the numbers of operations and lines of the subject, of strategies and of causes, and by `good_turing.BOUND`.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from subwarden.checking.finding import Finding
from subwarden.reports.records.hunt import KillingRecord
from subwarden.stateful_tests.exploring.coverage import stakes
from subwarden.stateful_tests.exploring.coverage.good_turing import DigestCounter
from subwarden.stateful_tests.exploring.coverage.overlap import Closely
from subwarden.stateful_tests.exploring.coverage.points import Point, parse, texts
from subwarden.stateful_tests.exploring.coverage.stakes import Stakes

DRAWN = "drawn"  # stands among the strategies for the runs in which programs are drawn: they are no schedules, and are not sampled


class Kept(NamedTuple):
    """A finding as a hunt keeps it. `shrunk`: its run is minimal, and labelled with the weakest order that shows it; `at`: its place in the
    subject's code as path:line, for the line that tells of it.
    """

    finding: Finding[Any]
    shrunk: bool
    strategy: str
    at: str = ""

    def rank(self) -> tuple[object, ...]:
        """Smaller is better evidence; no two different runs are equal, so that the best does not depend on who came first."""
        order, cancellation, size = self.finding.rank()
        return order, cancellation, not self.shrunk, size, str(self.finding.program.encode()), self.finding.names, self.strategy


@dataclass
class StrategyYield:
    """The cost and the yield of one strategy."""

    runs: int = 0
    new: int = 0  # runs that reached an end state that is new for their program
    causes: int = 0  # causes that it was the first to show


@dataclass
class Work:
    """The work on one check since it was last told."""

    programs: int = 0
    schedules: int = 0
    steps: int = 0
    once: int = 0  # end states that came once among the runs of their program
    end_states: Counter[int] = field(default_factory=Counter)  # their digests
    strategies: dict[str, StrategyYield] = field(default_factory=dict)
    complete: Counter[str] = field(default_factory=Counter)  # see `coverage.completeness`
    indigestible: Counter[str] = field(default_factory=Counter)  # why the states of small programs could not be searched
    stakes: Stakes = field(default_factory=Counter)
    fired: set[Point] = field(default_factory=set)
    closely: Closely = field(default_factory=Closely)
    doubts: list[str] = field(default_factory=list)

    def strategy(self, strategy: str) -> StrategyYield:
        """The yield of `strategy` so far."""
        return self.strategies.setdefault(strategy, StrategyYield())

    def merge(self, other: "Work") -> None:
        """Add the work of another worker, or later work. `Totals` keeps the end states."""
        self.programs += other.programs
        self.schedules += other.schedules
        self.steps += other.steps
        self.once += other.once
        for name, theirs in other.strategies.items():
            mine = self.strategy(name)
            mine.runs, mine.new, mine.causes = mine.runs + theirs.runs, mine.new + theirs.new, mine.causes + theirs.causes
        self.complete += other.complete
        self.indigestible += other.indigestible
        self.stakes += other.stakes
        self.fired |= other.fired
        self.closely.merge(other.closely)
        self.doubts += [doubt for doubt in other.doubts if doubt not in self.doubts]

    def news(self, known: "Work") -> "Work":
        """This work without the names that are `known`, to which they are added: a journal need not repeat them."""
        fired, seen = self.fired - known.fired, known.closely
        awaits, overlaps = self.closely.awaits - seen.awaits, self.closely.overlaps - seen.overlaps
        known.fired |= fired
        seen.merge(Closely(0, awaits, overlaps))
        self.fired, self.closely = fired, Closely(self.closely.runs, awaits, overlaps)
        return self

    @property
    def tallied(self) -> int:
        """Runs whose end states were compared with others of their program."""
        return sum(each.runs for name, each in self.strategies.items() if name != DRAWN)

    def encode(self) -> dict[str, Any]:
        """As plain data, without the end states."""
        return {
            "programs": self.programs,
            "schedules": self.schedules,
            "steps": self.steps,
            "once": self.once,
            "strategies": {name: [each.runs, each.new, each.causes] for name, each in self.strategies.items()},
            "complete": dict(self.complete),
            "indigestible": dict(self.indigestible),
            "stakes": stakes.encode(self.stakes),
            "fired": texts(self.fired),
            "looked": self.closely.runs,
            "awaits": sorted(self.closely.awaits),
            "overlaps": sorted(self.closely.overlaps),
            "doubts": self.doubts,
        }

    @staticmethod
    def decode(data: dict[str, Any]) -> "Work":
        """The work that `encode` wrote."""
        return Work(
            data["programs"],
            data["schedules"],
            data["steps"],
            data["once"],
            strategies={name: StrategyYield(*each) for name, each in data["strategies"].items()},
            complete=Counter(data["complete"]),
            indigestible=Counter(data.get("indigestible", {})),  # which hunts that are older than it do not have
            stakes=stakes.decode(data.get("stakes", {})),  # as above
            fired=set(map(parse, data["fired"])),
            closely=Closely(data["looked"], set(data["awaits"]), set(data["overlaps"])),
            doubts=data["doubts"],
        )


@dataclass
class Totals:
    """The work of a hunt, in all its sessions."""

    seconds: float = 0.0
    work: dict[str, Work] = field(default_factory=dict)  # by the name of the check
    end_states: dict[str, DigestCounter] = field(default_factory=dict)  # by the name of the check
    rounds: dict[int, int] = field(default_factory=dict)  # worker -> how many rounds it has begun or, by their number, finished
    lost: list[str] = field(default_factory=list)  # a line for each worker that died
    killing: list[KillingRecord] = field(default_factory=list)  # where the subject has ended every process that ran it

    def add(self, check: str, work: Work) -> None:
        """Add the work that a worker tells."""
        self.work.setdefault(check, Work()).merge(work)
        self.end_states.setdefault(check, DigestCounter()).add(work.end_states.items())

    @property
    def whole(self) -> Work:
        """All checks together."""
        whole = Work()
        for work in self.work.values():
            whole.merge(work)
        return whole

    def chance_of_new(self) -> float | None:
        """The chance that the next run reaches a new end state, over all checks (Good-Turing)."""
        total = sum(counter.total for counter in self.end_states.values())
        return min(1.0, sum(counter.seen_once for counter in self.end_states.values()) / total) if total else None

    def distinct(self) -> int:
        """The number of different end states, over all checks."""
        return sum(counter.distinct for counter in self.end_states.values())
