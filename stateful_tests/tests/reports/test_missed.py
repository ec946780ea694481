"""What a search missed, in words."""

import io

import pytest
from rich.console import Console

from subwarden.reports.missed import LEAVE_OUT, LONGER, NONE_DRAWN, write_missed
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.points import CANCELS, at_level
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL, DELIVERS
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.tests.subjects.core_adapters import Sends
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE, factory_of


def told(points: list[str]) -> list[str]:
    """The lines that are written."""
    console = Console(file=io.StringIO(), width=200)
    write_missed(points, console)
    assert isinstance(console.file, io.StringIO)
    return [line.strip() for line in console.file.getvalue().splitlines()]


def test_nothing_missed_is_nothing_said() -> None:
    assert not told([])


@pytest.mark.parametrize("level", ["", "core: "])
def test_a_search_without_a_drawn_program_says_so_once_and_blames_no_operation(level: str) -> None:
    rules = [f"{level}rule {each}" for each in ("advance", "settle", "cancel", "connect")]
    rest = [f"{level}operation teardown"]
    assert told(rules + rest) == ["not enough to say that it holds:", NONE_DRAWN, "teardown was never called", f"to mend: {LEAVE_OUT}"]
    assert told(rules) == ["not enough to say that it holds:", NONE_DRAWN, f"to mend: {LONGER}"]
    assert told(rules[1:])[1:4] == [
        "no program ran all ready steps before its next call",
        "no program cancelled a call",
        "connect was never called",
    ]


def test_a_call_that_a_run_has_cancelled_counts_whoever_drew_that() -> None:
    """The machine that draws programs never ran here. A gate once said of thousands of such runs that no program cancelled a call."""
    check = Check(Order.FIFO, True, "core")
    with running():
        search = GateSearch(check, CORE_LEVEL, factory_of(Sends), PROFILE)
        before = set(search.finish().fired)
        search._sweep(DELIVERS, [])
        fired = search.finish().fired
    assert not at_level("core", {CANCELS}) & before
    assert at_level("core", {CANCELS}) <= fired & check.expected(LEVELS["core"])
