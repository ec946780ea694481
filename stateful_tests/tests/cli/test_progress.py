"""Progress: a bar that fits the terminal, a line every ten seconds elsewhere, and findings that stay, each with a place to open."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from itertools import product
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from rich.cells import cell_len

from subwarden.cli.main import main
from subwarden.cli.progress import bar
from subwarden.cli.progress.line import Moment, duration, plain_line, terminal_line
from subwarden.stateful_tests.tests.paths import ROOT

AT = Moment("subwarden gate examples/rooms.py:Adapter", "schedules", 0.45, 12_340, 28.0, 1, 34.0)


def test_a_wide_terminal_shows_everything() -> None:
    said = "subwarden gate examples/rooms.py:Adapter  ━━━━━━━━━━━─────────────  45%  12,340 schedules, 441/s  1 finding  0:34 left"
    assert terminal_line(AT, 200) == said


def test_a_narrow_one_leaves_out_what_matters_least_and_keeps_findings_and_time() -> None:
    assert terminal_line(AT, 80) == "subwarden gate examples/rooms.py:Ad…  ━━━━────  45%  441/s  1 finding  0:34 left"
    assert terminal_line(AT, 60) == "subwarden gate…  ━━━━────  45%  441/s  1 finding  0:34 left"
    assert terminal_line(AT, 60, ascii_only=True) == "subwarden gate.  ####----  45%  441/s  1 finding  0:34 left"


@pytest.mark.parametrize("what", ["short", "x" * 300, "漢字の購読" * 20, "\u05d0\u05d1\u05d2" * 30, "e\u0301" * 90], ids=range(5))
def test_the_line_is_never_wider_than_the_terminal(what: str) -> None:
    for doing, share in product(("", "making small: " + what), (None, 0.0, 1.0, 7.0)):
        at = Moment(what, "schedules", share, 10**9, 10.0, 12, None, doing, ("chance of a new state 3.1%", "2 workers"))
        for width, ascii_only in product((20, 40, 60, 61, 79, 80, 99, 120, 200), (False, True)):
            assert cell_len(terminal_line(at, width, ascii_only=ascii_only)) <= width


def test_a_log_has_the_same_in_words() -> None:
    said = "subwarden gate examples/rooms.py:Adapter: 45%, 12,340 schedules, 441/s, 1 finding, 0:34 left"
    assert plain_line(AT) == said
    assert [duration(seconds) for seconds in (0.2, 59.6, 3_600, 36_061)] == ["0:00", "1:00", "1:00:00", "10:01:01"]


def test_elsewhere_there_is_a_line_every_ten_seconds(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(bar, "monotonic", lambda: now)
    with bar.progress("subwarden tour") as report:
        for at in range(101):
            now = at / 4
            report(at, at, 100)
            if at == 50:
                report.findings = 1
                report.say("found it")
    assert capsys.readouterr().err.splitlines() == [
        "subwarden tour: 40%, 40 schedules, 4/s, 0:15 left",
        "subwarden tour: found it",
        "subwarden tour: 80%, 80 schedules, 4/s, 1 finding, 0:05 left",
    ]


def test_a_budget_says_how_far_it_is_and_a_new_phase_how_much_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(bar, "monotonic", lambda: now)
    shown: Any
    with bar.progress("timed", budget=40.0) as shown:
        now = 10.0
        shown(5, 1, 2)
        assert (shown.moment().share, shown.moment().left) == (0.25, 30.0)
    now = 0.0
    with bar.progress("counted") as shown:
        now = 30.0
        shown(5, 8, 8)
        shown(5, 0, 4, "making small")
        now = 40.0
        shown(5, 1, 4, "making small")
        assert (shown.moment().share, shown.moment().left) == (0.25, 30.0)


def on_a_terminal(width: int, *arguments: str, folder: Path, **environment: str) -> tuple[int, str]:
    """The exit code, and what a terminal of `width` columns was sent."""
    without = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}  # they would outweigh the terminal
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))  # here: the parent may come too late
        os.execve(sys.executable, [sys.executable, "-m", "subwarden", *arguments], {**without, "TERM": "xterm", **environment})
    sent = b""
    while True:
        try:
            more = os.read(terminal, 65_536)
        except OSError:  # the process has ended
            break
        sent += more
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), sent.decode().replace("\r\n", "\n")


CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
HUNT = ("hunt", "--subject", "rooms.py:Adapter", "--rounds", "1", "--order", "fifo", "--jobs", "1")


@pytest.mark.slow
@pytest.mark.parametrize("dumb", [False, True])
def test_on_a_terminal_findings_stay_above_the_bar(dumb: bool, tmp_path: Path) -> None:
    (tmp_path / "rooms.py").write_text((ROOT / "examples" / "rooms.py").read_text())
    code, sent = on_a_terminal(60, *HUNT, folder=tmp_path, **({"TERM": "dumb"} if dumb else {}))
    assert code == 1
    found = re.findall(r"^.*found P2 no phantom subscriber: .*\) at rooms\.py:30; subwarden replay \S+\.json$", sent, re.MULTILINE)
    assert found, sent
    bars = [line for line in re.split(r"[\r\n]", CONTROL.sub("", sent)) if "/s  " in line]
    assert bool(bars) is not dumb
    assert not [line for line in bars if cell_len(line) >= 60]
    assert ("\x1b" in sent) is not dumb


@pytest.mark.slow
def test_colours_are_left_out_where_nobody_wants_them(tmp_path: Path) -> None:
    run = ROOT / "stateful_tests" / "corpus" / "split-lock-P2-a-subscription-outlives-its-connection.json"
    code, coloured = on_a_terminal(80, "replay", str(run), folder=tmp_path)
    assert (code, "\x1b[1;31m" in coloured) == (1, True)
    _, plain = on_a_terminal(80, "replay", str(run), folder=tmp_path, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", plain)
    _, dumb = on_a_terminal(80, "replay", str(run), folder=tmp_path, TERM="dumb")
    assert "\x1b" not in dumb
    _, ascii_only = on_a_terminal(80, "replay", str(run), folder=tmp_path, LC_ALL="C")
    assert "+------" in ascii_only
    assert ascii_only.isascii()


RACE = """import asyncio


async def race():
    free = 1

    async def take():
        nonlocal free
        seen = free
        await asyncio.sleep(0)
        free = seen - 1
        assert free == 0
        await asyncio.sleep(0)
        free += 1

    async with asyncio.TaskGroup() as group:
        group.create_task(take())
        group.create_task(take())
"""
HISTORY = """{"history": 1, "model": "core"}
{"call": 1, "at": 0, "op": ["connect", "c1"]}
{"return": 1, "at": 1, "answer": null}
{"call": 2, "at": 2, "op": ["subscribe", "c1", "t1"]}
{"return": 2, "at": 3, "answer": true}
"""
NUMBERS = r": \d+%, (reading|[\d,]+ {}, [\d,]+/s)(, \d+ findings?)?, \d:\d\d( left)?$"


@pytest.mark.slow  # each is a whole command
@pytest.mark.parametrize(
    ("arguments", "unit", "found"),
    [
        (("explore", "race.py:race", "--schedules", "200"), "schedules", True),
        (("tour", "--subject", "source", "--connections", "2", "--threads", "1"), "calls", True),
        (("play", "program.txt", "--subject", "rooms.py:Adapter", "--schedules", "100"), "schedules", True),
        (("check", "history.jsonl"), "lines", None),
        (("gate", "--subject", f"exec:{sys.executable} phantom.py", "--profile", "dev", "--seed", "1"), "runs", True),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else None,
)
def test_every_long_command_says_how_far_it_is(
    arguments: tuple[str, ...],
    unit: str,
    found: bool | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("rooms.py", "exec/phantom.py", "exec/steady.py"):
        copy(ROOT / "examples" / name, tmp_path)
    (tmp_path / "race.py").write_text(RACE, encoding="utf-8")
    (tmp_path / "history.jsonl").write_text(HISTORY, encoding="utf-8")
    (tmp_path / "program.txt").write_text("A  connect(c1)\nB  subscribe(c1, t1)\nC  disconnect(c1)\n", encoding="utf-8")
    monkeypatch.setattr(bar, "PLAIN_EVERY", 0.0)
    assert main(list(arguments)) == (0 if found is None else 1)
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith(f"subwarden {arguments[0]} ")]
    told = [line for line in lines if ": found after " not in line and ", makes a failure smaller " not in line]
    assert told
    assert all(re.search(NUMBERS.format(unit), line) for line in told), told
    assert ("finding" in told[-1]) is (found is not None)
    if arguments[0] == "explore":
        assert any("AssertionError (order any) at race.py:12; subwarden explore race.py:race --replay " in line for line in lines)
