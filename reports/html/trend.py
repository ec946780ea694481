"""Many gates or hunts of one subject over time: speed, coverage and findings as lines, and each fall in words."""

from collections.abc import Sequence

from subwarden.reports.html.svg import CHARACTER, figure, label, number, picture
from subwarden.reports.html.view import View, plural, table
from subwarden.reports.trend.points import TrendPoint, falls, said_score

WIDTH, HEIGHT, LEFT = 440.0, 120.0, 60.0


def trend_view(subject: str, points: Sequence[TrendPoint], before: TrendPoint | None) -> View:
    """The page. `before`: the run with which the last one is compared."""
    fallen = falls(before, points[-1])
    holds = [] if before is None else [f"The last run is no worse than {before.name}."]
    rows = [(each.name, each.verdict, each.findings, each.reached, said_score(each), round(each.speed)) for each in points]
    drawn = [
        ("Findings", [each.findings for each in points]),
        ("Coverage points reached", [each.reached for each in points]),
        ("Score of coverage, of 100", [round(each.score or 0) for each in points]),
        ("Schedules a second", [round(each.speed) for each in points]),
    ]
    return View(
        title=f"trend of {subject}",
        verdict=points[-1].verdict,
        said=[f"{plural(len(points), 'run')}, the last one {points[-1].name}.", *holds * (not fallen)],
        worse=[f"Worse: {line}." for line in fallen],
        pictures=[_line(name, values, [each.name for each in points]) for name, values in drawn],
        sections=[("Runs", table(("run", "verdict", "findings", "points reached", "score", "schedules/s"), rows, (2, 3, 4, 5)))],
    )


def _line(title: str, values: Sequence[int], names: Sequence[str]) -> str:
    most = max(values) or 1
    step = WIDTH / max(len(values) - 1, 1)
    places = [(LEFT + step * at, 12 + HEIGHT * (1 - value / most)) for at, value in enumerate(values)]
    parts = [label(LEFT - 10, 16, f"{max(values):,}", "", "end"), label(LEFT - 10, 12 + HEIGHT, "0", "", "end")]
    base = " ".join(f"{number(x)},{number(y)}" for x, y in ((LEFT, 12 + HEIGHT), *places, (places[-1][0], 12 + HEIGHT)))
    parts += [f'<path d="M{number(LEFT)} {number(y)}h{number(WIDTH)}" class="axis"/>' for y in (12.0, 12 + HEIGHT)]
    parts.append(f'<polygon points="{base}" class="area"/>')
    parts.append(f'<polyline points="{" ".join(f"{number(x)},{number(y)}" for x, y in places)}" class="edge taken"/>')
    parts += [f'<circle cx="{number(x)}" cy="{number(y)}" r="3.5" class="point"/>' for x, y in places]
    parts += [label(LEFT, HEIGHT + 32, names[0]), label(LEFT + WIDTH, HEIGHT + 32, names[-1], "", "end")] if len(names) > 1 else []
    said = ", ".join(f"{name}: {value:,}" for name, value in zip(names, values, strict=True))
    return figure(title, picture(title, f"{title}: {said}", LEFT + WIDTH + CHARACTER * 2, HEIGHT + 42, parts, "fits"))
