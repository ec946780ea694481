"""How often the duties of a level were at stake: counts of runs that add up across processes and are written to disk."""

from collections import Counter
from collections.abc import Iterable

from subwarden.reports.records.coverage import StakeRecord
from subwarden.stateful_tests.exploring.coverage.points import Point, PointKind

Stakes = Counter[tuple[str, bool]]
"""The runs in which each duty was at stake; with True, those in which the subject could have broken it."""


def record(stakes: Stakes, expected: Iterable[Point]) -> list[StakeRecord]:
    """The counts as a record, by name; the duties among the points `expected` have a row even if they never were at stake."""
    names = {point.name for point in expected if point.kind is PointKind.STAKE} | {name for name, _ in stakes}
    return [{"name": name, "runs": stakes[name, False], "breakable": stakes[name, True]} for name in sorted(names)]


def encode(stakes: Stakes) -> dict[str, list[int]]:
    """As plain data."""
    return {name: [stakes[name, False], stakes[name, True]] for name in sorted({name for name, _ in stakes})}


def decode(data: dict[str, list[int]]) -> Stakes:
    """The counts that `encode` wrote."""
    return Counter({(name, could): runs for name, both in data.items() for could, runs in zip((False, True), both, strict=True) if runs})
