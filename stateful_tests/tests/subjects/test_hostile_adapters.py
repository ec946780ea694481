"""An adapter that misuses the process gets one clear line; what it did is put right, and nothing of it is an error of ours."""

import asyncio
import io
import sys
import time

import pytest

from subwarden.checking.bad_observation import BadObservation
from subwarden.checking.causes import raised
from subwarden.checking.place import LONGEST_TEXT
from subwarden.model.core.step import Connect, Subscribe
from subwarden.reports.layout.console import console_for
from subwarden.reports.printable import escape, printable
from subwarden.scheduling.isolation.memory import MEMORY, used
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.uncontrolled import UncontrolledSource
from subwarden.stateful_tests.exploring.runner import Result, Runner, running
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.subjects.watched_load import BadSubject
from subwarden.stateful_tests.tests.paths import DATA

FILE = DATA / "hostile.py"


def played(name: str) -> Result:
    """One run of two calls."""
    with running():
        runner = Runner(CORE_LEVEL, load(f"{FILE}:{name}", CORE_LEVEL.name), Order.FIFO)
        return runner.record(CoreProgram(((Connect("c1"), Subscribe("c1", "t1")),)), lambda _: fixed([]))[0]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ReplacesAsyncio", r"it replaces asyncio\.Lock, asyncio\.Future, asyncio\.Task, which"),
        ("ReplacesAcquire", r"it replaces asyncio\.Lock\.acquire, which"),
        ("ReplacesTheClock", r"it replaces time\.time, time\.monotonic, which"),
        ("LowersTheRecursionLimit", "it replaces the recursion limit, which"),
        ("MayFailWithNoException", "wants an exception or a class of exceptions, not 5"),
        ("TaskBomb", r"it starts more than 10,000 tasks in one run; bound their number \(.*hostile\.py:\d+\)"),
    ],
)
def test_what_it_does_in_a_run_is_named_and_put_right(name: str, said: str) -> None:
    before = time.time, time.monotonic, asyncio.Lock, asyncio.Task, asyncio.Lock.acquire, sys.getrecursionlimit()
    with pytest.raises((BadObservation, UncontrolledSource), match=said):
        played(name)
    assert (time.time, time.monotonic, asyncio.Lock, asyncio.Task, asyncio.Lock.acquire, sys.getrecursionlimit()) == before


@pytest.mark.parametrize("name", ["MemoryBomb", "SwallowsEverything"])
def test_too_much_memory_is_told_with_the_place_that_takes_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MEMORY, "_limit", used() + (30 << 20))
    with pytest.raises(UncontrolledSource, match=r"it takes more than .+ of memory; free it, .*--max-memory \(.*hostile\.py:\d+ in hook\)"):
        played(name)


@pytest.mark.slow
def test_a_step_that_takes_ever_more_memory_is_told_so_before_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine its time is over before it has taken all that it may."""
    monkeypatch.setattr("subwarden.scheduling.watchdog.HOARD", 1 << 20)
    monkeypatch.setattr(MEMORY, "_limit", 1 << 40)
    with pytest.raises(
        UncontrolledSource, match=r"one step takes more and more memory \(.+B until it was stopped\).*hostile\.py:\d+ in hook"
    ):
        played("HoardsSlowly")


@pytest.mark.parametrize(("name", "what"), [("AsyncObserve", "observe"), ("AsyncInit", "its __init__"), ("async_factory", "its factory")])
def test_what_must_not_be_async_is_said(name: str, what: str) -> None:
    """Warnings are errors here: a coroutine that was never awaited would be one."""
    with pytest.raises(BadSubject, match=f"{what} must not be async"):
        load(f"{FILE}:{name}", CORE_LEVEL.name)


def test_a_message_of_a_megabyte_is_cut() -> None:
    (cause,) = played("Unprintable").violations
    assert cause.mechanism == "subscribe raises ValueError"
    assert len(cause.slug()) < LONGEST_TEXT
    assert cause == raised("subscribe", ValueError(""))._replace(where=cause.where)


def test_text_of_others_is_made_fit_to_print() -> None:
    assert escape("a\x1b[31m\x9b\ud800\u202e\u2028b\nc d") == "a\\x1b[31m\\x9b\\ud800\\u202e\\u2028b\nc d"
    assert escape("Grüße, 世界") == "Grüße, 世界"
    assert printable("x" * 50, 10) == "xxxxxxxxxx... (50 characters)"


def test_no_control_character_reaches_a_console() -> None:
    out = io.StringIO()
    console_for(out).print("[bold]a[/bold] \x1b]0;title\x07 \x1b[2J b")
    assert not set(out.getvalue()) & {"\x1b", "\x07"}
