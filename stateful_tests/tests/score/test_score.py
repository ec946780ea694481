"""The score of a check: a blind one notices fewer faults than one that looks, and the result is the same whoever judged."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from subwarden.cli.main import main
from subwarden.reports.formats.schema import schema
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.score.task import Judging, Plan
from subwarden.stateful_tests.tests.cli.refusals import one_line
from subwarden.stateful_tests.tests.paths import ROOT
from subwarden.stateful_tests.tests.processes import FOR_EVER, PATIENCE, SUBWARDEN, started, wait_for, workers
from subwarden.stateful_tests.tests.score import impatient
from subwarden.stateful_tests.workers.process import Process

SCORED = ROOT / "examples" / "scored"
SEATS = """
import asyncio

class Seats:
    def __init__(self):
        self.taken = 0

    async def take(self):
        if self.taken >= 1:
            return False
        self.taken += 1
        await asyncio.sleep(0)
        return True

class Unused:
    def other(self):
        self.taken = 2

    def more(self):
        self.taken = 3
"""
CHECKS = """
import asyncio
from places import Seats, Unused

async def looks():
    seats = Seats()
    got = await asyncio.gather(seats.take(), seats.take())
    assert sorted(got) == [False, True]

async def blind():
    seats = Seats()
    await asyncio.gather(seats.take(), seats.take())

async def fails():
    await Seats().take()
    assert False
"""

STUBBORN = f"async def check():\n{FOR_EVER}"
ALONE = """
class Seat:
    def __init__(self):
        self.taken = False
        self.log = []

    async def take(self):
        if self.taken:
            return False
        if self.log.count(1):
            return False
        self.taken = True
        return True

async def check():
    seat = Seat()
    assert await seat.take()
    assert seat.taken
"""
HEAVY = """
def run(left=(1,), grown=None):
    left, grown, more = list(left), [], [1, 2]
    while left:
        left.pop()
        grown.append(bytes(30_000_000))
    if not left:
        grown.clear()
    if left or grown:
        raise KeyboardInterrupt
    while more:
        more.pop()
        str(more)
        sorted(more)
"""
EAGER = """
def registered(name, made=[]):
    made.append(name)
    return made[-1]

NAME = registered("places")
"""
DEADLY = """
import ctypes

def run(left):
    while left:
        if left:
            left.discard(min(left))
            continue
        ctypes.string_at(0)
"""


@pytest.fixture
def seats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "places.py").write_text(SEATS, encoding="utf-8")
    (tmp_path / "checks.py").write_text(CHECKS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scored(subject: str, record: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["score", subject, "--json", str(record), "--quiet", *arguments])
    made: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    return code, made


def fates(record: dict[str, Any]) -> dict[str, str]:
    return {f"{fault['line']} {fault['operator']}": fault["fate"] for fault in record["faults"]}


@pytest.mark.slow
def test_a_check_that_looks_notices_what_a_blind_one_does_not(seats: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, looks = scored("checks.py:looks", seats / "looks.json", "--schedules", "100")
    assert code == 0
    assert fates(looks) == {
        "9 no-guard": "noticed",
        "11 no-assignment": "noticed",
        "11 await-between": "noticed",
        "11 swapped": "noticed",
        "17 no-assignment": "apart",
        "20 no-assignment": "apart",
    }
    assert (looks["score"], looks["holds"], looks["verdict"]) == (100, True, "holds")
    assert {fault["noticed"]["order"] for fault in looks["faults"] if fault["noticed"]} == {"fifo"}
    told = capsys.readouterr().out
    assert "not counted: 2 faults in code that no schedule enters (places.py: Unused)" in " ".join(told.split())
    code, blind = scored("checks.py:blind", seats / "blind.json", "--schedules", "100", "--at-least", "50")
    assert (code, blind["score"], blind["verdict"]) == (1, 0, "violated")
    assert {fates(blind)[name] for name in ("9 no-guard", "11 no-assignment", "11 await-between", "11 swapped")} == {"survived"}
    told = capsys.readouterr().out
    assert "  places.py:11 in Seats.take\n      if self.taken >= 1:\n          return False\n    + await asyncio.sleep(0)\n" in told
    assert "score checks.py:blind: 0 % (0 of 4 faults noticed), 50 % wanted" in told
    jsonschema = pytest.importorskip("jsonschema")
    assert not list(jsonschema.Draft202012Validator(schema()).iter_errors(blind))


@pytest.mark.slow
def test_a_check_that_stops_nobody_is_a_line_that_no_schedule_runs(seats: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To judge it without that check would notice nothing. A check that calls something may have an effect all the same."""
    (seats / "alone.py").write_text(ALONE, encoding="utf-8")
    record = scored("alone.py:check", seats / "alone.json", "--schedules", "100")[1]
    assert fates(record) == {
        "9 no-guard": "never run",
        "10 no-guard": "survived",
        "12 await-between": "survived",
        "12 no-assignment": "noticed",
    }
    assert "no schedule runs the line\n  alone.py:9 in Seat.take: 1 fault\n" in capsys.readouterr().out


@pytest.mark.slow
def test_a_subject_that_fails_without_a_fault_has_no_score(seats: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, record = scored("checks.py:fails", seats / "fails.json", "--schedules", "100")
    assert (code, record["holds"], record["score"]) == (1, False, None)
    assert "no score, since it fails without a fault (AssertionError); mend that first" in " ".join(capsys.readouterr().out.split())
    code, record = scored(f"{ROOT / 'examples' / 'rooms.py'}:Adapter", seats / "rooms.json", "--schedules", "800")
    assert (code, record["holds"], record["findings"][0]["id"]) == (1, False, "P2-a-connection-that-is-not-live-is-subscribed")
    assert "A  connect(c1)" in capsys.readouterr().out


@pytest.mark.slow
def test_any_number_of_processes_judges_alike(tmp_path: Path) -> None:
    """And a check with `observe` notices more than one without."""
    told = {}
    for name in ("Adapter", "Blind"):
        for jobs in ("1", "2"):
            code, told[name + jobs] = scored(f"{SCORED / 'adapter.py'}:{name}", tmp_path / "r.json", "--schedules", "600", "--jobs", jobs)
            assert code == 0
        assert told[f"{name}1"] == told[f"{name}2"]
    assert told["Adapter1"]["score"] > told["Blind1"]["score"]
    assert {fault["fate"] for fault in told["Blind1"]["faults"] if fault["function"] == "Hub.leave"} == {"never run"}
    assert told["Blind1"]["modules"] == [{"file": "examples/scored/hub.py", "faults": 20, "same": 0}]


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_only_its_fault(seats: Path) -> None:
    """Another judges it."""
    alone = scored("checks.py:looks", seats / "alone.json", "--schedules", "100")[1]
    words = (*SUBWARDEN, "score", "checks.py:looks", "--schedules", "100", "--jobs", "1", "--json", "killed.json")
    with started(*words, cwd=seats) as process:
        wait_for(lambda: workers(process))
        os.kill(workers(process)[0], signal.SIGKILL)
        out, _ = process.communicate(timeout=PATIENCE)
    record = json.loads((seats / "killed.json").read_text(encoding="utf-8"))
    assert (process.returncode, len(record["lost"])) == (0, 1)
    assert "another judges its fault again" in " ".join(out.split())
    assert {**record, "lost": []} == alone


@pytest.mark.slow
def test_a_fault_that_ends_its_process_or_spins_is_noticed(seats: Path) -> None:
    (seats / "deadly.py").write_text(DEADLY, encoding="utf-8")
    (seats / "of_deadly.py").write_text("from deadly import run\n\nasync def check():\n    run({1})\n    run({2})\n", encoding="utf-8")
    record = scored("of_deadly.py:check", seats / "deadly.json", "--schedules", "20")[1]
    noticed = {fault["operator"]: fault["noticed"] for fault in record["faults"]}
    assert noticed["no-guard"]["said"].startswith("cannot be judged any more: its process was killed by SIGSEGV")
    assert noticed["no-removal"]["said"].startswith("a step blocks the event loop")
    assert record["lost"] == []


@pytest.mark.slow
def test_what_a_fault_does_to_its_process_is_told_alike_by_any_number(seats: Path) -> None:
    """It hoards memory, raises KeyboardInterrupt as Ctrl-C does, and spins through several lines, of which a clock chooses one."""
    (seats / "heavy.py").write_text(HEAVY, encoding="utf-8")
    (seats / "of_heavy.py").write_text("from heavy import run\n\nasync def check():\n    run()\n", encoding="utf-8")
    told = [
        scored("of_heavy.py:check", seats / "heavy.json", "--schedules", "20", "--max-memory", "1G", "--jobs", jobs)[1] for jobs in "12"
    ]
    assert told[0] == told[1]
    said = {f"{fault['line']} {fault['operator']}": (fault["noticed"] or {"said": ""})["said"] for fault in told[0]["faults"]}
    assert said["5 no-removal"] == "cannot be judged any more: it takes too much memory"
    assert said["8 no-removal"] == "KeyboardInterrupt"
    assert said["12 no-removal"] == "a step blocks the event loop"


@pytest.mark.slow
def test_a_fault_past_every_guard_is_noticed_by_its_time(seats: Path) -> None:
    """A step that takes no exception for an answer."""
    (seats / "stubborn.py").write_text(STUBBORN, encoding="utf-8")
    plan = Plan("stubborn.py:check", True, (Order.FIFO,), (), 10, 0)
    process = Process(impatient.work, (None, 1))
    try:
        process.send(("do", (Judging(plan, ()), False)))
        wait_for(process.pipe.poll)
        message, judged = next(process.said())
    finally:
        process.end()
    assert (message, judged.noticed["property"], judged.noticed["said"]) == ("done", "P13", "never comes to rest")


@pytest.mark.slow
def test_a_fault_with_which_nothing_can_be_imported_does_not_count(seats: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (seats / "places.py").write_text(SEATS + EAGER, encoding="utf-8")
    record = scored("checks.py:looks", seats / "eager.json", "--schedules", "100")[1]
    assert fates(record)["23 no-addition"] == "not loaded"
    assert record["score"] == 100
    assert "not counted: 1 fault with which it cannot be imported (places.py:23)" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_what_is_known_is_told_when_it_is_stopped(seats: Path) -> None:
    """By Ctrl-C, and when its time is over."""
    words = (*SUBWARDEN, "score", "checks.py:looks", "--schedules", "100", "--jobs", "1", "--json", "stopped.json")
    with started(*words, cwd=seats) as process:
        wait_for(lambda: workers(process))
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "no fault was judged; stopped early: " in " ".join(out.split())
    code, record = scored("checks.py:looks", seats / "late.json", "--schedules", "100", "--budget", "0.1")
    assert (code, record["verdict"], record["score"]) == (2, "inconclusive", None)


BAD = [
    (["nowhere.py:check"], "there is no file nowhere.py; give the check of code of yours"),
    (["manager"], "it names no file; give the check of code of yours"),
    (["checks.py:"], "write checks.py:NAME"),
    (["checks.py:missing"], "checks.py has no 'missing'"),
    (["checks.py:blind", "--mutate", "nowhere.py"], "--mutate nowhere.py is no file and no module here"),
    (["checks.py:blind", "--mutate", "empty.py"], "no fault can be planted in empty.py; give another module by --mutate"),
    (["checks.py:blind", "--mutate", "broken.py"], "broken.py:1 is no Python that can be read: "),
    (["alone.py:check"], "it imports nothing from its folder that a fault can be planted in; name a module by --mutate"),
    (["checks.py:blind", "--json", "places.py"], "--json places.py would overwrite places.py, in which faults are planted"),
    (["checks.py:blind", "--at-least", "101"], "'101' is no share; give a whole number of percent, from 0 to 100"),
    (["checks.py:blind", "--schedules", "0"], "'0' is not a whole number of at least 1"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD, ids=lambda each: str(each)[:40])
def test_bad_input_is_refused_in_one_line(arguments: list[str], said: str, seats: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (seats / "empty.py").write_text("A = 1\n", encoding="utf-8")
    (seats / "broken.py").write_text("def f(:\n", encoding="utf-8")
    (seats / "alone.py").write_text("async def check():\n    assert True\n", encoding="utf-8")
    assert said in one_line(capsys, "score", *arguments)
