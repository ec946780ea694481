"""Many gates or hunts of one subject over time: speed, coverage and findings as lines, and each fall against the run before in words."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from subwarden.reports.html.svg import CHARACTER, figure, label, number, picture
from subwarden.reports.html.view import View, table

SLOWER = 0.3  # of the speed before: machines and their load differ, so less is no fall
WIDTH, HEIGHT, LEFT = 560.0, 110.0, 90.0


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


def falls(points: Sequence[TrendPoint]) -> list[str]:
    """How the last run is worse than the one before it, a sentence each."""
    if len(points) < 2:
        return []
    before, now = points[-2:]
    said: list[str] = []
    if now.findings > before.findings:
        said.append(f"findings rose from {before.findings} ({before.name}) to {now.findings} ({now.name})")
    if now.reached < before.reached:
        said.append(f"coverage fell from {before.reached:,} points ({before.name}) to {now.reached:,} ({now.name})")
    if now.speed < before.speed * (1 - SLOWER):
        said.append(f"speed fell from {before.speed:,.0f} schedules/s ({before.name}) to {now.speed:,.0f} ({now.name})")
    return said


def trend_view(subject: str, points: Sequence[TrendPoint]) -> View:
    """The page."""
    fallen = falls(points)
    rows = [(each.name, each.verdict, each.findings, each.reached, round(each.speed)) for each in points]
    series = (("findings", [each.findings for each in points]), ("coverage points reached", [each.reached for each in points]))
    drawn = [*series, ("schedules/s", [round(each.speed) for each in points])]
    return View(
        title=f"trend of {subject}",
        verdict=points[-1].verdict,
        said=[f"{len(points):,} runs, the last one {points[-1].name}.", *(fallen or ["The last run is no worse than the one before it."])],
        pictures=[_line(name, values, [each.name for each in points]) for name, values in drawn],
        sections=[("Runs", table(("run", "verdict", "findings", "points reached", "schedules/s"), rows, (2, 3, 4)))],
    )


def _line(title: str, values: Sequence[int], names: Sequence[str]) -> str:
    most = max(values) or 1
    step = WIDTH / max(len(values) - 1, 1)
    places = [(LEFT + step * at, 12 + HEIGHT * (1 - value / most)) for at, value in enumerate(values)]
    parts = [label(LEFT - 10, 16, f"{max(values):,}", "", "end"), label(LEFT - 10, 12 + HEIGHT, "0", "", "end")]
    parts.append(f'<polyline points="{" ".join(f"{number(x)},{number(y)}" for x, y in places)}" class="edge"/>')
    parts += [f'<circle cx="{number(x)}" cy="{number(y)}" r="3.5" class="point"/>' for x, y in places]
    parts += [label(LEFT, HEIGHT + 32, names[0]), label(LEFT + WIDTH, HEIGHT + 32, names[-1], "", "end")] if len(names) > 1 else []
    said = ", ".join(f"{name}: {value:,}" for name, value in zip(names, values, strict=True))
    return figure(title, picture(title, f"{title}: {said}", LEFT + WIDTH + CHARACTER * 2, HEIGHT + 42, parts))
