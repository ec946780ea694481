"""The text report of every verb: golden files, and what each looks like from 60 to 200 columns, in ASCII, and with names of any script."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from subwarden.reports.exec import write_check
from subwarden.reports.gate import write_gate
from subwarden.reports.history import write_history
from subwarden.reports.hunt import write_hunt
from subwarden.reports.layout.console import ReportConsole, console_for
from subwarden.reports.layout.run_table import run_table
from subwarden.reports.layout.wrapping import padded, wrapped
from subwarden.reports.play import write_play
from subwarden.reports.proof import write_proof
from subwarden.reports.replay import write_replay
from subwarden.reports.scenario.exploration import write_exploration
from subwarden.reports.tour import write_tour
from subwarden.stateful_tests.tests.golden_files import golden
from subwarden.stateful_tests.tests.reports.every_record import RECORDS

Writer = Callable[[Any, Console], object]
TO_COPY = ("replay: ", "plain asyncio: ", "saved in ")  # lines to paste: a terminal breaks them, not we


def protocol(record: Any, console: Console) -> None:
    for line in record["checks"]:
        write_check(line, console)


TEXTS: dict[str, Writer] = {
    "explore": lambda record, console: write_exploration(record, console, timings=False),
    "hunt": lambda record, console: write_hunt(record, console, verbose=True),
    "play": write_play,
    "replay": write_replay,
    "tour": lambda record, console: write_tour(record, console, timings=False),
    "check": write_history,
    "conform": protocol,
    "gate": lambda record, console: write_gate(record, console, timings=False, verbose=True),
    "prove": write_proof,
}


def at_width(name: str, width: int, *, encoding: str = "utf-8") -> list[str]:
    """The lines of the report on a terminal of `width` columns."""
    out = StringIO()
    terminal = ReportConsole(file=out, width=width, force_terminal=True, color_system=None, legacy_windows=False, highlight=False)
    if encoding != "utf-8":
        terminal.__class__ = type("AsciiConsole", (ReportConsole,), {"encoding": encoding})
    TEXTS[name](RECORDS[name](), terminal)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in ("gate", "prove", "replay")])
def test_it_is_as_its_golden_file(name: str) -> None:
    out = StringIO()
    TEXTS[name](RECORDS[name](), console_for(out))
    golden(f"text_{name}.txt", out.getvalue())


@pytest.mark.parametrize("name", TEXTS)
def test_no_line_is_wider_than_the_terminal_and_none_is_cut(name: str) -> None:
    for width in (60, 61, 72, 80, 100, 133, 200):
        lines = at_width(name, width)
        wide = [line for line in lines if cell_len(line.rstrip()) > width and not line.startswith(TO_COPY)]
        assert not wide, width
        assert not [line for line in lines if "…" in line], width


@pytest.mark.parametrize("name", TEXTS)
def test_where_there_are_no_boxes_it_is_ascii(name: str) -> None:
    assert all(line.isascii() for line in at_width(name, 80, encoding="ascii"))


@pytest.mark.parametrize("word", ["漢字の購読者", "e\u0301\u0302toile\u0301", "\u05de\u05e0\u05d5\u05d9", "👩🏽", "ﷺ"])
def test_borders_stay_in_line_beside_names_of_any_script(word: str) -> None:
    row: Any = {"step": 1, "task": word, "did": [f"calls subscribe({word})"] * 2, "at": None, "changed": [word * 9], "broken": []}
    record: Any = {"tasks": [{"name": word, "operations": [], "faults": ""}], "steps": [row, {**row, "step": 2, "task": "B"}]}
    for width in (60, 80, 120, 200):
        out = StringIO()
        Console(file=out, width=width).print(run_table(record, width))
        table = [line for line in out.getvalue().splitlines() if line[0] in "┏┃┡│└"]
        assert len({cell_len(line) for line in table}) <= 1, width
        assert all(cell_len(line) <= width for line in table)
        assert all(cell_len(line) <= 7 for line in wrapped(word * 20, 7))
    assert cell_len(padded(word, 30)) == 30
