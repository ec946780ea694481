"""Writes a trend for a terminal: a row a run, the last ones."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from subwarden.reports.gate import COLOURS
from subwarden.reports.layout.wrapping import bare_table, write_line
from subwarden.reports.trend.points import TrendPoint, falls, said_score

ROWS = 12  # the last runs; all are on the page


def write_trend(points: Sequence[TrendPoint], before: TrendPoint | None, console: Console) -> None:
    """Write the table, and how the last run is worse than `before`."""
    table = bare_table()
    for column in ("run", "verdict"):
        table.add_column(column, overflow="fold")
    for column in ("findings", "points reached", "score", "schedules/s"):
        table.add_column(column, justify="right")
    for each in points[-ROWS:]:
        figures = (f"{each.findings:,}", f"{each.reached:,}", said_score(each), f"{each.speed:,.0f}")
        table.add_row(Text(each.name), Text(each.verdict, style=COLOURS[each.verdict]), *figures)
    console.print(table)
    fallen = falls(before, points[-1])
    for line in fallen:
        write_line(f"worse: {line}", console, "bold red")
    if not fallen:
        write_line("one run: nothing to compare it with" if before is None else f"no worse than {before.name}", console)
