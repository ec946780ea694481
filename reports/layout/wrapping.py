"""Breaks lines that are too long: between words; a word that is too wide behind a `/`, `(` or `.`, and in its middle only if need be."""

import re
from collections.abc import Iterable
from typing import Any

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from subwarden.reports.printable import escape, on_one_line

PARTS = re.compile(r"[^/(.]*[/(.]|[^/(.]+")  # of a word that is too wide
CUT = "..."
INDENT = "  "  # of the rest of a line that was broken


def wrapped(line: str, width: int) -> list[str]:
    """`line` in lines of at most `width`, all but the first of them indented; made printable before, as that makes it longer."""
    lines: list[str] = []
    now = ""
    for word in escape(line).split(" "):
        joined = f"{now} {word}" if now.strip() else now + word
        if cell_len(joined) <= width:
            now = joined
            continue
        if now.strip():
            lines.append(now)
            now = INDENT
        for part in PARTS.findall(word) if cell_len(now + word) > width else [word]:
            rest = part
            if cell_len(now + rest) > width and now.strip():
                lines.append(now)
                now = INDENT
            while cell_len(now + rest) > width:
                piece = (chop_cells(rest, max(1, width - len(now))) or [""])[0] or rest[0]  # a sign may be two columns wide
                lines.append(now + piece)
                now, rest = INDENT if width > len(INDENT) else "", rest[len(piece) :]
            now += rest
    return [*lines, now] if now.strip() or not lines else lines


def bare_table(gap: int = 2, **options: Any) -> Table:
    """A table without lines, its columns `gap` apart. `options`: see `rich.table.Table`."""
    return Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), **options)


def columns(rows: Iterable[tuple[str, str]]) -> Table:
    """Names, each with what there is to say of it beside it."""
    table = bare_table(show_header=False)
    for name, said in rows:
        table.add_row(name, said)
    return table


def padded(text: str, width: int) -> str:
    """`text` with spaces up to `width` columns; `str.ljust` counts characters, of which some are two columns wide and some none."""
    return text + " " * (width - cell_len(text))


def named(name: str, width: int) -> str:
    """`name` on one line, at most `width` columns of it: its middle is left out, as names often differ at their ends."""
    line = on_one_line(name)
    if cell_len(line) <= width:
        return line
    first = set_cell_size(line, (width - len(CUT)) // 2).rstrip()
    last = chop_cells(line[::-1], width - len(CUT) - cell_len(first))[0][::-1]
    return first + CUT + last


def write_searchable(line: str, console: Console, style: str = "") -> None:
    """Write `line`: broken on a terminal, as `write_line` does, and whole in a pipe, where lines are searched."""
    if console.is_terminal:
        write_line(line, console, style)
    else:
        console.print(Text(line, style=style), soft_wrap=True)


def write_line(line: str, console: Console, style: str = "") -> None:
    """Write `line`, broken where it is too long for the console, the rest indented by two more than its beginning."""
    first = line[: len(line) - len(line.lstrip(" "))]
    for part in wrapped(line.lstrip(" "), console.width - len(first)):
        console.print(Text(first + part, style=style), soft_wrap=True)
