"""The runs of a trend, and how the last of them is worse than another: than the stored baseline or, without one, than the run before."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from subwarden.reports.coverage import score

LESS = 5.0  # points of the score: two runs with a time limit do not cover just the same
SLOWER = 0.3  # of the speed before: machines and their load differ, so less is no fall


class TrendPoint(NamedTuple):
    """One run: its name, schedules a second, coverage points reached, findings, verdict, and the score of its coverage."""

    name: str
    speed: float
    reached: int
    findings: int
    verdict: str
    score: float | None = None


def point_of(name: str, record: Any) -> TrendPoint:
    """The run of a gate's or a hunt's record. Raises KeyError for another."""
    if "checks" in record:
        schedules, seconds = (sum(check[key] for check in record["checks"]) for key in ("schedules", "seconds"))
        reached, checks = len(record["coverage"]["fired"]), record["coverage"]["checks"]
    else:
        schedules, seconds = record["schedules"], record["seconds"]
        checks = record["coverage"]
        reached = len(set().union(*(of["fired"] for of in checks.values())))
    speed = schedules / seconds if seconds else 0.0
    return TrendPoint(name, speed, reached, len(record["findings"]), record["verdict"], score(checks.values()))


def said_score(point: TrendPoint) -> str:
    """The score as reports have it."""
    return "" if point.score is None else f"{point.score:.0f}"


def falls(before: TrendPoint | None, now: TrendPoint) -> list[str]:
    """How `now` is worse than `before`, a sentence each; nothing if there is no run before."""
    if before is None:
        return []
    said: list[str] = []
    if now.findings > before.findings:
        said.append(f"findings rose from {before.findings} ({before.name}) to {now.findings} ({now.name})")
    if now.verdict == "inconclusive" and before.verdict == "holds":
        said.append(f"the verdict fell from holds ({before.name}) to inconclusive ({now.name})")
    if now.reached < before.reached:
        said.append(f"coverage fell from {before.reached:,} points ({before.name}) to {now.reached:,} ({now.name})")
    if now.score is not None and before.score is not None and now.score < before.score - LESS:
        said.append(f"the score of coverage fell from {before.score:.0f} ({before.name}) to {now.score:.0f} ({now.name})")
    if now.speed < before.speed * (1 - SLOWER):
        said.append(f"speed fell from {before.speed:,.0f} schedules/s ({before.name}) to {now.speed:,.0f} ({now.name})")
    return said


def compared(points: Sequence[TrendPoint], baseline: TrendPoint | None) -> TrendPoint | None:
    """The run with which the last one is compared."""
    return baseline if baseline is not None else points[-2] if len(points) > 1 else None
