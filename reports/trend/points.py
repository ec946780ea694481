"""The runs of a trend, and how the last of them is worse than another: than the stored baseline or, without one, than the run before."""

from collections.abc import Sequence
from typing import Any, NamedTuple

SLOWER = 0.3  # of the speed before: machines and their load differ, so less is no fall


class TrendPoint(NamedTuple):
    """One run: its name, schedules a second, coverage points reached, and findings."""

    name: str
    speed: float
    reached: int
    findings: int
    verdict: str


def point_of(name: str, record: Any) -> TrendPoint:
    """The run of a gate's or a hunt's record. Raises KeyError for another."""
    if "checks" in record:
        schedules, seconds = (sum(check[key] for check in record["checks"]) for key in ("schedules", "seconds"))
        reached = len(record["coverage"]["fired"])
    else:
        schedules, seconds = record["schedules"], record["seconds"]
        reached = len(set().union(*(of["fired"] for of in record["coverage"].values())))
    return TrendPoint(name, schedules / seconds if seconds else 0.0, reached, len(record["findings"]), record["verdict"])


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
    if now.speed < before.speed * (1 - SLOWER):
        said.append(f"speed fell from {before.speed:,.0f} schedules/s ({before.name}) to {now.speed:,.0f} ({now.name})")
    return said


def compared(points: Sequence[TrendPoint], baseline: TrendPoint | None) -> TrendPoint | None:
    """The run with which the last one is compared."""
    return baseline if baseline is not None else points[-2] if len(points) > 1 else None
