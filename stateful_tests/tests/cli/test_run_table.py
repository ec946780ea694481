"""The table of a run fits any width from 60 columns, breaks no name, and keeps a row a step."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from subwarden.reports.layout.run_table import run_table
from subwarden.reports.layout.wrapping import wrapped

LONG = "stateful_tests/subjects/manager/some_manager.py:1234"


def step(number: int, task: str, did: list[str], **more: Any) -> Any:
    return {"step": number, "task": task, "did": did, "at": None, "changed": [], "broken": [], **more}


def run(tasks: int, place: str = "hub.py:64") -> Any:
    names = "ABCDEFGH"[:tasks]
    steps = [step(at, name, [f"calls subscribe(c{at}, t1)", "takes hub.lock"], at=place) for at, name in enumerate(names, 1)]
    steps.append(step(tasks + 1, "task-7 (Hub.reader)", ["releases hub.lock"], changed=["c1 on t1", "c2 on t1"]))
    broken = ["P2 no phantom subscriber: a subscription outlives its connection"]
    steps.append(step(tasks + 2, "A", ["subscribe returns yes"], broken=broken))
    return {"tasks": [{"name": name, "operations": [], "faults": ""} for name in names], "steps": steps}


def shown(record: Any, width: int) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(run_table(record, width))
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 72, 80, 120, 200])
@pytest.mark.parametrize("tasks", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("place", ["hub.py:64", LONG])
def test_it_fits_and_breaks_no_name(width: int, tasks: int, place: str) -> None:
    record = run(tasks, place)
    out = shown(record, width)
    assert max(len(line.rstrip()) for line in out.splitlines()) <= width
    words = {word for row in record["steps"] for line in (*row["did"], *row["changed"], *row["broken"]) for word in line.split()}
    words |= {word for row in record["steps"] for word in row["task"].split()}
    words |= {place} if len(place) < 30 else set()
    missing = {word for word in words if word not in re.split(r"[\s│]+", out)}
    assert not missing


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("tasks", [2, 3, 8])
def test_a_step_is_a_row_in_order(width: int, tasks: int) -> None:
    numbers = [int(number) for number in re.findall(r"^(?:│ )? *(\d+) ", shown(run(tasks), width), re.MULTILINE)]
    assert numbers == list(range(1, tasks + 3))


def test_internal_steps_in_a_row_are_one_row() -> None:
    record = run(2)
    internal = [step(at, "asyncio", ["(a sleep ends)"], internal=True) for at in (5, 6, 7)]
    seen = step(8, "asyncio", ["(a sleep ends)"], internal=True, changed=["c1 on t1"])
    record["steps"] += [*internal, seen]
    out = shown(record, 80)
    assert "5-7" in out
    assert out.count("(a sleep ends)") == 2  # the one in which something shows is told by itself


def test_steps_of_which_there_is_nothing_to_say_have_no_row() -> None:
    record = run(2)
    before = shown(record, 80)
    inside = step(5, "asyncio", ["(internal: partial)"], internal=True)
    record["steps"] += [inside, step(6, "A", [])]
    assert shown(record, 80) == before
    record["steps"] += [step(7, "asyncio", ["(internal: partial)"], internal=True, changed=["c1 on t1"])]
    assert "(internal: partial)" in shown(record, 80)  # something shows there


def test_a_word_that_is_too_wide_is_broken_behind_a_slash() -> None:
    assert wrapped(LONG, 30) == ["stateful_tests/subjects/", "  manager/some_manager.py:1234"]
    assert "".join(line.strip() for line in wrapped(LONG, 30)) == LONG
    assert wrapped("a b", 30) == ["a b"]
    assert wrapped("", 30) == [""]


def test_a_long_run_is_cut_to_a_screen_and_keeps_what_broke() -> None:
    broken = ["P8 last word wins: something broke"]
    steps = [step(at, "A", [f"does {at}"], broken=broken if at == 2_000 else []) for at in range(1, 4_101)]
    out = shown({"tasks": [{"name": "A", "operations": [], "faults": ""}], "steps": steps}, 80)
    assert len(out.splitlines()) < 70
    assert all(word in out for word in ("does 1 ", "does 4100", "does 2000", broken[0].split(":")[0]))
    assert "31-1999" in out
    assert "2001-4085" in out
    assert "1,969" in out


def test_steps_that_come_again_and_again_are_told_once() -> None:
    """The harness lets a timer that never ends fire until the run rests: two rows a time, which buried the step that broke."""
    tick = [("asyncio", "(a sleep ends)"), ("cleaner", "looks")]
    told = [("A", "calls leave(c1)"), *tick * 8, ("close", "calls close()")]
    steps = [step(at, task, [did]) for at, (task, did) in enumerate(told, 1)]
    out = shown({"tasks": [{"name": "A", "operations": [], "faults": ""}], "steps": steps}, 80)
    assert (out.count("(a sleep ends)"), out.count("looks"), out.count("calls")) == (1, 1, 2)
    assert "4-17" in out
    assert "(these 2 steps, 7 times more)" in out


def test_steps_in_which_something_shows_or_that_come_twice_are_all_told() -> None:
    """What breaks must not be hidden by what looks like it."""
    steps = [step(at, "cleaner", ["looks"], broken=["P8: it broke"] if at == 4 else []) for at in range(1, 10)]
    out = " ".join(re.sub(r"[│\s]+", " ", shown({"tasks": [], "steps": steps}, 80)).split())
    assert "P8: it broke" in out
    assert out.count("(this step, 2 times more)") == 1  # steps 1 to 3; then 4, which broke
    assert out.count("(this step, 4 times more)") == 1
    twice = [step(at, "cleaner", ["looks"]) for at in (1, 2)]
    assert shown({"tasks": [], "steps": twice}, 80).count("looks") == 2
