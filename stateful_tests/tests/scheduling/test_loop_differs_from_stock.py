"""Where the controlled loop is not stock asyncio, and why: pinned here, so that the list is complete as far as we know and stays true.

Each program is run on both; a difference that disappears fails as loudly as a new one.
"""

import asyncio
import re

from subwarden.scheduling.loop import ControlledLoop
from subwarden.stateful_tests.tests.scheduling.loop_programs import TICK, Log, turns
from subwarden.stateful_tests.tests.scheduling.test_loop_equals_stock import on_controlled, on_stock


async def _timer_without_delay_among_busy_steps(log: Log) -> None:
    asyncio.get_running_loop().call_later(0, log.append, "timer")
    for turn in range(4):
        log.append(turn)
        await asyncio.sleep(0)


def test_a_timer_due_at_once_waits_until_nothing_is_ready() -> None:
    """On stock asyncio it comes with the next turn. Virtual time stands still while a step can run, and a timer is an event of time."""
    assert on_controlled(_timer_without_delay_among_busy_steps, patched=False) == [0, 1, 2, 3, "timer"]
    stock = on_stock(_timer_without_delay_among_busy_steps)
    assert stock.index("timer") < 4


async def _many_equal_deadlines(log: Log) -> None:
    loop = asyncio.get_running_loop()
    when = loop.time() + TICK
    for at in range(8):
        loop.call_at(when, log.append, at)
    await asyncio.sleep(3 * TICK)


def test_equal_deadlines_keep_their_order() -> None:
    """Stock asyncio keeps them in a heap that is not stable, and its documentation promises no order."""
    assert on_controlled(_many_equal_deadlines, patched=False) == list(range(8))
    stock = on_stock(_many_equal_deadlines)
    assert stock != list(range(8))
    assert sorted(map(str, stock)) == list("01234567")


async def _default_names(log: Log) -> None:
    for _ in range(2):
        task = asyncio.create_task(turns(1))
        log.append(task.get_name())
        await task


def test_unnamed_tasks_are_numbered_per_loop() -> None:
    """Stock asyncio numbers them per process, so a name would depend on earlier runs."""
    assert on_controlled(_default_names, patched=False) == ["task-2", "task-3"], "the main one has number 1"
    stock = on_stock(_default_names)
    assert all(isinstance(name, str) and re.fullmatch(r"Task-\d+", name) for name in stock)


def test_tasks_are_kept_to_the_end_of_the_run() -> None:
    """Stock asyncio holds them weakly; a task without another reference may be collected at a moment that depends on chance."""
    loop = ControlledLoop()
    with loop.entered():
        loop.create_task(turns(1))
        loop.create_task(turns(1))
    assert len(loop.tasks) == 2
    loop.abandon()
