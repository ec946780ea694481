"""The tasks of a gate's workers: to search a part of a check, and to make a finding small. Plain data: they cross processes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.reports.records.finding import FindingRecord
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.gate.outcome import CheckOutcome

SHARDS = 2  # of every check; a fixed number, so that the result does not depend on how many cores there are


class Told(NamedTuple):
    """A finding, and what a report needs of it. `small`: its run is minimal, in the weakest order that shows it."""

    finding: Finding[Any]
    record: FindingRecord
    small: bool


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a check. `rounds`: which to draw, the first of `SHARDS` apart. `most`: findings after which it ends."""

    subject: str
    check: Check
    number: int
    profile: Profile
    most: int | None


@dataclass(frozen=True, slots=True)
class Investigation:
    """The findings of one cause, of which the best is to be made small: the weakest order first, at most one of each check."""

    subject: str
    candidates: tuple[Finding[Any], ...]

    @property
    def cause(self) -> Cause:
        """Their cause."""
        return self.candidates[0].cause


@dataclass(frozen=True, slots=True)
class NotFound:
    """None of the findings that were to be made small replays any more, and why."""

    doubts: tuple[str, ...]


Task = Shard | Investigation
Result = CheckOutcome | Told | NotFound


def investigations(subject: str, outcomes: Iterable[CheckOutcome]) -> list[Investigation]:
    """What there is to make small: a task for each cause, the best evidence first."""
    found: dict[Cause, dict[tuple[Order, bool, str], Finding[Any]]] = {}
    for outcome in outcomes:
        for cause, finding in outcome.findings.items():
            kind = (finding.order, finding.cancellation, finding.level)
            mine = found.setdefault(cause, {})
            if kind not in mine or finding.rank() < mine[kind].rank():
                mine[kind] = finding
    tasks = [Investigation(subject, tuple(sorted(mine.values(), key=lambda f: (f.rank(), f.id)))) for mine in found.values()]
    return sorted(tasks, key=lambda task: (task.candidates[0].rank(), task.candidates[0].id))
