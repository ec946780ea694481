"""The text report of every verb: golden files, and what each looks like from 60 to 200 columns, in ASCII, and with names of any script."""

import json
from collections.abc import Callable
from functools import cache
from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from subwarden.checking.linearizability.verdict import SPECIFICATIONS, judge_file, survey_file
from subwarden.proving.manager.scope import Scope
from subwarden.proving.tour.tour import tour
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
from subwarden.stateful_tests.runs.history_record import record as judgement_of
from subwarden.stateful_tests.runs.tour import tour_record
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.paths import DATA, GOLDEN
from subwarden.stateful_tests.tests.reports.golden import golden
from subwarden.stateful_tests.tests.reports.records import PHANTOM, RAW, gate_of, replayed

Writer = Callable[[Any, Console], object]
TO_COPY = ("replay: ", "plain asyncio: ", "saved in ", "subject ")  # lines to paste or to search for: a terminal breaks them, not we
ROW = {"step": 1, "task": "move", "lines": [{"at": "transfer.py:16", "source": "    async with source.lock:"}], "did": [], "deviates": ""}
FINDING: Any = {
    "kind": "deadlock",
    "title": "deadlock: move -> move 2 -> move (each waits for the next)",
    "evidence": ["move waits for lock bob.lock, held by move 2  (transfer.py:18  async with target.lock:); taken at transfer.py:16"],
    "order": "fifo",
    "fault": True,
    "slow_step": True,
    "outside": True,
    "found": 3,
    "deviations": 1,
    "moved": ["move"],
    "values": ["choose 60"],
    "minimal": True,
    "virtual_seconds": 0.0,
    "steps": [ROW, {**ROW, "step": 2, "did": ["waits for lock bob.lock, held by move 2"], "deviates": "is cancelled here"}],
    "replay": "sx1-BuE9MA",
    "script": None,
    "script_confirmed": None,
    "script_doubt": None,
}
CHECK = {"verdict": "holds", "steps": 9, "complete_within": 1, "complete": False, "end_states": 1, "unseen": 0.5, "seconds": 1.0}
EXPLORED: Any = {
    "schema": "subwarden/explore/1",
    "scenario": "examples/transfer.py:both_ways",
    "seed": 0,
    "hash_seed": 0,
    "verdict": "violated",
    "stopped": True,
    "checks": [
        {**CHECK, "order": "fifo", "verdict": "violated", "schedules": 1_234},
        {**CHECK, "order": "any", "schedules": 99},
        {**CHECK, "order": "any", "schedules": 9, "complete": True},
    ],
    "findings": [FINDING],
    "sometimes": {"money moves": False, "seen": True},
    "doubts": ["the scenario does not do the same under the same schedule"],
}
ENDS = {"distinct": 20, "seen_once": 5, "runs": 100, "unseen": 0.05, "exact": False}


def hunted() -> Any:
    gate: Any = gate_of(replayed(PHANTOM))
    (covered,) = gate["coverage"]["checks"].values()
    more = {"programs": 10, "schedules": 1_234, "not_searched": [{"why": "a state cannot be read", "variants": 3}]}
    return {
        **{key: gate[key] for key in ("subject", "findings", "doubts", "verdict", "seed")},
        "schema": "subwarden/hunt/1",
        "ended": "budget",
        "folder": ".subwarden/hunt/hub-py-Hub",
        "jobs": 2,
        "session": {"schedules": 1_234, "seconds": 2.0},
        "seconds": 2.0,
        "programs": 10,
        "schedules": 1_234,
        "steps": 9_999,
        "rounds": 3,
        "strategies": [{"name": "pct 3", "runs": 1_000, "new": 12, "causes": 1}, {"name": "drawn", "runs": 9, "new": None, "causes": 0}],
        "coverage": {"manager, fifo": {**covered, **more, "end_states": ENDS, "unseen_of_programs": 0.02}},
        "never_fired": ["manager: operation has_subscribers"],
        "outcomes": {"distinct": 20, "seen_once": 5, "unseen": 0.05, "exact": False, "relative_error": 0.01},
        "lost": ["worker 0 was killed (signal 9) in round 0; its findings are kept; another takes its place"],
    }


def played() -> Any:
    gate: Any = gate_of(replayed(RAW))
    tasks = [{"name": "A", "operations": ["connect(c1)", "subscribe(c1, t1)"], "faults": "may be cancelled"}]
    return {**{key: gate[key] for key in ("subject", "findings", "doubts", "verdict", "checks")}, "schema": "", "tasks": tasks}


@cache
def toured(subject: str) -> Any:
    return tour_record(subject, load(subject), tour(Scope(1, 1, 1, in_flight=0), 10_000), lambda *_: True)


def judged(name: str) -> Any:
    path, of = DATA / "histories" / f"{name}.jsonl", SPECIFICATIONS["core"]()
    return judgement_of(judge_file(path, of, survey_file(path, of), 10_000), of, f"{name}.jsonl")


def protocol(record: Any, console: Console) -> None:
    for line in record:
        write_check(line, console)


CHECKS = [{"name": "hello", "verdict": "pass", "said": "", "mend": ""}, {"name": "steps", "verdict": "skip", "said": "no", "mend": ""}]
CHECKS.append({"name": "bye", "verdict": "fail", "said": "it does not end", "mend": "end after bye, as docs/exec-protocol.md shows"})
TEXTS: dict[str, tuple[Writer, Callable[[], Any]]] = {
    "explore": (lambda record, console: write_exploration(record, console, timings=False), lambda: EXPLORED),
    "hunt": (lambda record, console: write_hunt(record, console, verbose=True), hunted),
    "play": (write_play, played),
    "replay": (write_replay, lambda: replayed(RAW)),
    "tour": (lambda record, console: write_tour(record, console, timings=False), lambda: toured("source")),
    "check": (write_history, lambda: judged("late_delivery")),
    "conform": (protocol, lambda: CHECKS),
    "gate": (lambda record, console: write_gate(record, console, timings=False, verbose=True), lambda: gate_of(replayed(PHANTOM))),
    "prove": (write_proof, lambda: json.loads((GOLDEN / "prove_violated.json").read_text())),
}


def at_width(name: str, width: int, *, encoding: str = "utf-8") -> list[str]:
    """The lines of the report on a terminal of `width` columns."""
    write, made = TEXTS[name]
    out = StringIO()
    terminal = ReportConsole(file=out, width=width, force_terminal=True, color_system=None, legacy_windows=False, highlight=False)
    if encoding != "utf-8":
        terminal.__class__ = type("AsciiConsole", (ReportConsole,), {"encoding": encoding})
    write(made(), terminal)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in ("gate", "prove", "replay")])
def test_it_is_as_its_golden_file(name: str) -> None:
    write, made = TEXTS[name]
    out = StringIO()
    write(made(), console_for(out))
    golden(f"text_{name}.txt", out.getvalue())


@pytest.mark.parametrize("name", TEXTS)
def test_no_line_is_wider_than_the_terminal_and_none_is_cut(name: str) -> None:
    for width in (60, 61, 72, 80, 100, 133, 200):
        lines = at_width(name, width)
        wide = [line for line in lines if cell_len(line.rstrip()) > width and not line.startswith((*TO_COPY, "examples/transfer.py"))]
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
