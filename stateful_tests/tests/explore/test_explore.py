"""Exploring a scenario: what is found, how small it is made, and that it replays."""

import asyncio
import re
import shlex
from io import StringIO

import pytest
from rich.cells import cell_len

import subwarden
from subwarden.reports.layout.console import ReportConsole
from subwarden.reports.scenario.exploration import replay_line, write_scenario_finding


async def lost_update() -> None:
    """Two tasks read, wait and write: one of the two is lost."""
    total = 0

    async def add() -> None:
        nonlocal total
        seen = total
        await asyncio.sleep(0)
        total = seen + 1

    await asyncio.gather(add(), add())
    assert total == 2, f"total is {total}"


async def split_check() -> None:
    """Only another order of ready steps shows it."""
    log: list[str] = []

    async def write(name: str) -> None:
        await asyncio.sleep(0)
        log.append(name)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write("first"))
        tasks.create_task(write("second"))
    assert log == ["first", "second"]


def test_a_failure_on_stock_asyncio_is_labelled_fifo() -> None:
    """It needs no deviation, and its replay string is short."""
    found = subwarden.explore(lost_update)
    assert found.verdict == "violated"
    (finding,) = found.findings
    assert (finding["order"], finding["deviations"]) == ("fifo", 0)
    assert "AssertionError: total is 1" in finding["title"]
    assert len(finding["replay"]) <= 40


def test_a_failure_of_another_order_is_labelled_any() -> None:
    """One deviation is enough, and the run can be played again."""
    found = subwarden.explore(split_check)
    (finding,) = found.findings
    assert (finding["order"], finding["deviations"]) == ("any", 1)
    again = subwarden.replay(finding["replay"], split_check)
    assert again.verdict == "violated"
    assert again.findings[0]["steps"] == finding["steps"]
    assert not again.record["doubts"]


NAMES = ("a\nb\r\u2028c", "\ud800", "\x1b[31m\u202ered", "L" * 10_000, "</script>", "")


async def odd_names() -> None:
    """Its tasks have names that no table expects."""

    async def nothing() -> None:
        await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        for name in NAMES:
            tasks.create_task(nothing(), name=name)
    raise ValueError(NAMES)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_any_name_of_a_task_has_its_place_in_the_table(width: int) -> None:
    found = subwarden.explore(odd_names)
    assert subwarden.replay(found.findings[0]["replay"], odd_names).verdict == "violated"
    out = StringIO()
    write_scenario_finding(found.findings[0], "odd.py:names", ReportConsole(file=out, width=width, force_terminal=True, color_system=None))
    text = out.getvalue()
    assert text.isascii() or "\u2028" not in text
    assert not {"\x1b", "\u202e", "\ud800", "\r"} & set(text)
    lines = [line for line in text.split("\n") if not line.startswith("replay: ")]
    assert max(cell_len(line) for line in lines) <= width
    assert len(lines) < 600, "a long text is cut"
    assert len(re.findall(r"^ +\d+  \S", text, re.MULTILINE)) == len([row for row in found.findings[0]["steps"] if row["task"]])


def test_the_replay_line_can_be_pasted_into_a_shell() -> None:
    (finding,) = subwarden.explore(lost_update).findings
    for name in ("hub.py:run", "my hub.py:run", "$(rm x) & `y`'\".py:run"):
        assert shlex.split(replay_line(finding, name)) == ["subwarden", "explore", name, "--replay", finding["replay"]]
    assert "subwarden explore hub.py:run " in replay_line(finding, "hub.py:run")


def test_two_explorations_print_the_same_text() -> None:
    """Nothing of a report depends on the clock, on addresses or on earlier runs."""
    assert subwarden.explore(split_check).text() == subwarden.explore(split_check).text()


def test_a_scenario_that_holds_is_covered_in_full() -> None:
    """All interleavings of a small one are covered, and the record says so."""

    async def scenario() -> None:
        lock = asyncio.Lock()
        total = 0

        async def add() -> None:
            nonlocal total
            async with lock:
                seen = total
                await asyncio.sleep(0)
                total = seen + 1

        await asyncio.gather(add(), add())
        assert total == 2

    found = subwarden.explore(scenario)
    assert found.verdict == "holds", found.text()
    assert [check["complete"] for check in found.record["checks"]] == [True, True]


def test_run_takes_no_time() -> None:
    """An hour of sleep passes at once, and the result comes back."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.sleep(3600)
        return loop.time() - began

    assert subwarden.run(main()) == 3600


def test_run_says_who_waits_for_what() -> None:
    """Where asyncio would hang, there is an error."""

    async def main() -> None:
        ready = asyncio.Event()
        await ready.wait()

    with pytest.raises(subwarden.WaitsForEver, match="waits for event ready"):
        subwarden.run(main())


def test_a_primitive_that_is_made_of_others_is_named_itself() -> None:
    """`Queue.join` waits for an event of the queue's own, and a barrier for its condition."""

    async def main() -> None:
        jobs: asyncio.Queue[int] = asyncio.Queue()
        jobs.put_nowait(1)
        barrier = asyncio.Barrier(2)
        await asyncio.gather(jobs.join(), barrier.wait())

    with pytest.raises(subwarden.WaitsForEver, match=r"waits for the end of the work of queue .*; .*waits for barrier "):
        subwarden.run(main())


def test_tasks_that_failed_unnoticed_are_named_where_others_wait_for_ever() -> None:
    """One of them may be who should have gone on. Several who wait are told as several."""

    async def scenario() -> None:
        async def fail() -> None:
            raise ValueError("bad job")

        async def wait() -> None:
            await asyncio.Event().wait()

        failing = asyncio.create_task(fail())
        await asyncio.gather(wait(), wait())
        await failing

    found = subwarden.explore(scenario).findings[0]
    assert found["title"] == "wait and wait 2 wait for ever: nobody is left to wake them"
    assert any("fail has failed, and nobody has noticed: ValueError: bad job, raised at " in line for line in found["evidence"])


def test_a_scenario_that_does_not_repeat_is_inconclusive() -> None:
    """Here by state that outlives the run, as a fixture's object has it."""
    earlier: list[int] = []

    async def scenario() -> None:
        earlier.append(1)
        for _ in earlier:
            await asyncio.sleep(0)

    found = subwarden.explore(scenario)
    assert found.verdict == "inconclusive"
    assert "does not do the same under the same schedule: one run ends after" in found.record["doubts"][0]
