"""What a hunt has done and found, as plain data that crosses processes, adds up, and is written to disk.

Everything here is bounded: by the number of operations and of lines of the subject, of strategies, of causes, and by `unseen.BOUND`.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from subwarden.checking.finding import Finding
from subwarden.stateful_tests.exploring.coverage.good_turing import Seen
from subwarden.stateful_tests.exploring.coverage.overlap import Closely

DRAWN = "drawn"  # stands among strategies for the run in which a program is drawn, which is no schedule of it and is not asked how it ended


class Kept(NamedTuple):
    """A finding as a hunt keeps it. `shrunk`: it is as small as it gets, and labelled with the weakest order that it was seen in."""

    finding: Finding[Any]
    shrunk: bool
    strategy: str

    def rank(self) -> tuple[object, ...]:
        """Smaller is better evidence; no two different runs are equal, so that the best does not depend on who came first."""
        order, cancellation, size = self.finding.rank()
        return order, cancellation, not self.shrunk, size, str(self.finding.program.encode()), self.finding.names, self.strategy


@dataclass
class StrategyYield:
    """What one strategy has cost and brought."""

    runs: int = 0
    new: int = 0  # runs that ended as no run of the same program had before
    causes: int = 0  # causes that it was the first to show


@dataclass
class Work:
    """What was done for one check since this was last told."""

    programs: int = 0
    schedules: int = 0
    steps: int = 0
    once: int = 0  # outcomes that came once among the runs of their program
    ends: Counter[int] = field(default_factory=Counter)  # digests of how runs ended
    strategies: dict[str, StrategyYield] = field(default_factory=dict)
    complete: Counter[str] = field(default_factory=Counter)  # see `exploring.complete`
    indigestible: Counter[str] = field(default_factory=Counter)  # why the states of small programs could not be searched
    fired: set[str] = field(default_factory=set)
    closely: Closely = field(default_factory=Closely)
    doubts: list[str] = field(default_factory=list)

    def pay(self, strategy: str) -> StrategyYield:
        """Of `strategy`; none so far, perhaps."""
        return self.strategies.setdefault(strategy, StrategyYield())

    def merge(self, other: "Work") -> None:
        """Add what was done elsewhere or since. `ends` are for `Totals` to keep."""
        self.programs += other.programs
        self.schedules += other.schedules
        self.steps += other.steps
        self.once += other.once
        for name, pay in other.strategies.items():
            mine = self.pay(name)
            mine.runs, mine.new, mine.causes = mine.runs + pay.runs, mine.new + pay.new, mine.causes + pay.causes
        self.complete += other.complete
        self.indigestible += other.indigestible
        self.fired |= other.fired
        self.closely.merge(other.closely)
        self.doubts += [doubt for doubt in other.doubts if doubt not in self.doubts]

    @property
    def tallied(self) -> int:
        """Runs that were asked whether they ended as another of their program."""
        return sum(pay.runs for name, pay in self.strategies.items() if name != DRAWN)

    def encode(self) -> dict[str, Any]:
        """As plain data, without `ends`."""
        return {
            "programs": self.programs,
            "schedules": self.schedules,
            "steps": self.steps,
            "once": self.once,
            "strategies": {name: [pay.runs, pay.new, pay.causes] for name, pay in self.strategies.items()},
            "complete": dict(self.complete),
            "indigestible": dict(self.indigestible),
            "fired": sorted(self.fired),
            "looked": self.closely.runs,
            "awaits": sorted(self.closely.awaits),
            "overlaps": sorted(self.closely.overlaps),
            "doubts": self.doubts,
        }

    @staticmethod
    def decode(data: dict[str, Any]) -> "Work":
        """What `encode` wrote."""
        return Work(
            data["programs"],
            data["schedules"],
            data["steps"],
            data["once"],
            strategies={name: StrategyYield(*pay) for name, pay in data["strategies"].items()},
            complete=Counter(data["complete"]),
            indigestible=Counter(data.get("indigestible", {})),  # which hunts that are older than it do not have
            fired=set(data["fired"]),
            closely=Closely(data["looked"], set(data["awaits"]), set(data["overlaps"])),
            doubts=data["doubts"],
        )


@dataclass
class Totals:
    """All that a hunt has done, in all its sessions."""

    seconds: float = 0.0
    work: dict[str, Work] = field(default_factory=dict)  # by the name of the check
    ends: dict[str, Seen] = field(default_factory=dict)  # likewise
    rounds: dict[int, int] = field(default_factory=dict)  # worker -> how many rounds it has begun or, by their number, finished
    lost: list[str] = field(default_factory=list)  # what was said of workers that died

    def add(self, check: str, work: Work) -> None:
        """Add what a worker tells."""
        self.work.setdefault(check, Work()).merge(work)
        self.ends.setdefault(check, Seen()).add(work.ends.items())

    @property
    def whole(self) -> Work:
        """All checks together."""
        whole = Work()
        for work in self.work.values():
            whole.merge(work)
        return whole

    def unseen(self) -> float | None:
        """The chance that the next run ends in a state that no run has ended in, over all checks."""
        total = sum(seen.total for seen in self.ends.values())
        return min(1.0, sum(seen.seen_once for seen in self.ends.values()) / total) if total else None

    def distinct(self) -> int:
        """Different ways in which runs ended, over all checks."""
        return sum(seen.distinct for seen in self.ends.values())

    def best_strategy(self) -> str | None:
        """The one that brought most that is new for its runs."""
        pays = {name: pay for name, pay in self.whole.strategies.items() if pay.runs >= 100 and name != DRAWN}
        return max(pays, key=lambda name: pays[name].new / pays[name].runs, default=None)
