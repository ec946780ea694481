"""The table of a run: a row a step, and a column for each task where they all fit, else one column that names the task.

It fits the width that it is given (`reports.layout.wrapping`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from subwarden.reports.layout.repeats import repeats
from subwarden.reports.layout.wrapping import INDENT, wrapped
from subwarden.reports.records.finding import RunRecord, StepRow

STEP, CHANGES = "step", "state changes"
MOST, FIRST, LAST = 60, 30, 15  # rows of a table; of a longer run the first and the last
MORE = "..."  # the task of the rows that are left out
INSIDE = "(internal: "
LEAST = 12  # columns of a cell, so that it can be read


@dataclass(slots=True)
class _Row:
    """A row of the table: a step, or several in a row in which a library did something that does not show."""

    first: int
    last: int
    task: str
    did: list[str]
    changed: list[str]
    broken: list[str] = field(default_factory=list)
    left_out: bool = False  # it stands for steps that are not told

    @property
    def number(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def run_table(run: RunRecord, width: int) -> Table:
    """The table of `run`, at most `width` columns wide."""
    rows = _cut(_folded(_rows(run["steps"])))
    names = [task["name"] for task in run["tasks"]]
    lanes = names + sorted({row.task for row in rows} - {*names, MORE})
    changes = [line for row in rows for line in (*row.changed, *row.broken)]
    of = {lane: [lane, *(line for row in rows if row.task == lane for line in row.did)] for lane in lanes}
    number = max([len(STEP), *(len(row.number) for row in rows)])
    room = width - number - 3 * (len(lanes) + 2) - 1
    widths = _widths([*of.values(), [CHANGES, *changes]], room, whole=len(lanes))
    if widths is not None:
        return _lanes(rows, lanes, widths)
    tasks, did = [row.task for row in rows], [line for row in rows for line in row.did]
    widths = _widths([["task", *tasks], ["action", *did], [CHANGES, *changes]], width - number - 13)
    if widths is not None:
        return _together(rows, widths)
    return _plain(rows, width - number - 4)


def _rows(steps: Sequence[StepRow]) -> list[_Row]:
    """The rows of `steps`. Internal steps of a library in a row, in which nothing shows, are one. A step of which there is nothing to say,
    or only a name inside a library, has none.
    """
    rows: list[_Row] = []
    for step in steps:
        at = [f"at {step['at']}"] if step["at"] else []
        shows = bool(step["changed"] or step["broken"] or at)
        if not shows and all(said.startswith(INSIDE) for said in step["did"]):
            continue
        quiet = step.get("internal", False) and not shows
        if quiet and rows and rows[-1].task == step["task"] and rows[-1].last == step["step"] - 1 and rows[-1].did == step["did"]:
            rows[-1].last = step["step"]
            continue
        rows.append(_Row(step["step"], step["step"], step["task"], [*step["did"], *at], step["changed"], step["broken"]))
    return rows


def _folded(rows: list[_Row]) -> list[_Row]:
    """`rows`, with those that come again and again, and in which nothing shows, told once. A timer that starts itself anew fires in
    every run until it rests."""
    folded: list[_Row] = []
    at = 0
    while at < len(rows):
        period, times = repeats(rows, at, _alike)
        folded += rows[at : at + period]
        if times > 1:
            again = rows[at + period : at + times * period]
            these = "this step" if period == 1 else f"these {period} steps"
            folded.append(_Row(again[0].first, again[-1].last, MORE, [f"({these}, {times - 1} times more)"], []))
        at += times * period
    return folded


def _alike(first: _Row, again: _Row) -> bool:
    """Whether both rows say the same, and nothing shows in either."""
    quiet = not (first.changed or first.broken or again.changed or again.broken)
    return quiet and (first.task, first.did) == (again.task, again.did)


def _cut(rows: list[_Row]) -> list[_Row]:
    """`rows` if they fit a screen or two, else the first and the last of them, and those in which something broke."""
    if len(rows) <= MOST:
        return rows
    kept = [at < FIRST or at >= len(rows) - LAST or bool(row.broken) for at, row in enumerate(rows)]
    cut: list[_Row] = []
    for keep, row in zip(kept, rows, strict=True):
        if keep:
            cut.append(row)
        elif cut[-1].left_out:
            cut[-1].last = row.last
            cut[-1].did = [f"({cut[-1].last - cut[-1].first + 1:,} steps; all with --json)"]
        else:
            cut.append(_Row(row.first, row.last, MORE, ["(1 step)"], [], left_out=True))
    return cut


def _lanes(rows: list[_Row], lanes: list[str], widths: list[int]) -> Table:
    table = _table([STEP, *lanes, CHANGES], widths)
    for row in rows:
        cells = [
            _cell(row.did, width) if row.task == lane or (row.task == MORE and lane == lanes[0]) else Text("")
            for lane, width in zip(lanes, widths, strict=False)
        ]
        table.add_row(row.number, *cells, _cell(row.changed, widths[-1], row.broken))
    return table


def _together(rows: list[_Row], widths: list[int]) -> Table:
    table = _table([STEP, "task", "action", CHANGES], widths)
    for row in rows:
        table.add_row(row.number, _cell([row.task], widths[0]), _cell(row.did, widths[1]), _cell(row.changed, widths[2], row.broken))
    return table


def _plain(rows: list[_Row], room: int) -> Table:
    """For a narrow terminal: the changes below the action, and no lines between the columns."""
    words = [cell_len(word) for row in rows for word in _words(row.task)]
    task = min(max([len("task"), *(cell_len(row.task) for row in rows)]), max([LEAST, *(word for word in words if word <= room // 2)]))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), highlight=False)
    table.add_column(STEP, justify="right", no_wrap=True)
    table.add_column("task", width=task)
    table.add_column("action, then => state changes", width=room - task)
    for row in rows:
        action = _cell([*row.did, *(f"=> {line}" for line in row.changed)], room - task, row.broken)
        table.add_row(row.number, _cell([row.task], task), action)
    return table


def _table(names: list[str], widths: list[int]) -> Table:
    table = Table(show_edge=True, show_lines=False, highlight=False)
    table.add_column(names[0], justify="right", no_wrap=True)
    for name, width in zip(names[1:], widths, strict=True):
        table.add_column(Text(name), width=width, no_wrap=False)
    return table


def _cell(lines: Iterable[str], width: int, broken: Iterable[str] = ()) -> Text:
    cell = Text("\n".join(part for line in lines for part in wrapped(line, width)))
    for line in broken:
        cell.append(("\n" if cell.plain else "") + "\n".join(wrapped(line, width)), style="bold red")
    return cell


def _widths(columns: Sequence[Sequence[str]], room: int, whole: int = 0) -> list[int] | None:
    """Widths of `columns`, given their lines, that fill `room` at most; None if a word would be broken, or a line of the first `whole`."""
    needs = [max([LEAST if any(column[1:]) else 1, *(cell_len(word) for line in column for word in _words(line))]) for column in columns]
    wants = [max(cell_len(line) for line in column) for column in columns]
    for at in range(whole):
        needs[at] = max(needs[at], *(cell_len(line) for line in columns[at][1:]), 0)
    needs = [min(need, max(want, 1)) for need, want in zip(needs, wants, strict=True)]
    if sum(needs) > room:
        return None
    while (spare := room - sum(needs)) > 0 and needs != wants:
        wanting = [at for at, (need, want) in enumerate(zip(needs, wants, strict=True)) if need < want]
        for at in wanting:
            needs[at] += min(wants[at] - needs[at], max(1, spare // len(wanting)))
            if sum(needs) >= room:
                break
    return needs


def _words(line: str) -> list[str]:
    first, *rest = line.split(" ")
    return [first, *(INDENT + word for word in rest)]
