"""A run that is given up where it stands leaves nothing behind: no warning, no message, nothing that speaks up in the next run.

Thousands of runs share one process, and each may end anywhere. The suite runs with warnings as errors; here they are collected, too,
together with what CPython cannot raise ("never awaited", "destroyed but pending", "ignored GeneratorExit").
"""

import asyncio
import gc
import logging
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from subwarden.scheduling.events import park
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import fixed

Body = Callable[[ControlledLoop], Awaitable[object]]


async def sleeps(loop: ControlledLoop) -> None:
    for _ in range(1000):
        await asyncio.sleep(1)


async def awaits_on_its_way_out(loop: ControlledLoop) -> None:
    try:
        try:
            await sleeps(loop)
        finally:
            await asyncio.sleep(1)
    finally:
        try:
            await asyncio.sleep(1)
        finally:
            await asyncio.sleep(1)


async def fails_on_its_way_out(loop: ControlledLoop) -> None:
    try:
        await sleeps(loop)
    finally:
        raise KeyError("on the way out")


async def has_failed_unread(loop: ControlledLoop) -> None:
    raise ValueError("unread")


async def starts_a_task_on_its_way_out(loop: ControlledLoop) -> None:
    try:
        await sleeps(loop)
    finally:
        asyncio.create_task(sleeps(loop))


async def waits_in_a_group(loop: ControlledLoop) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(awaits_on_its_way_out(loop))
        group.create_task(sleeps(loop))


async def waits_with_a_timeout(loop: ControlledLoop) -> None:
    async with asyncio.timeout(5):
        await asyncio.wait_for(asyncio.shield(asyncio.gather(sleeps(loop), sleeps(loop))), 3)


async def waits_for_a_lock(loop: ControlledLoop) -> None:
    lock = asyncio.Lock()
    async with lock:
        await asyncio.gather(lock.acquire(), lock.acquire())


async def waits_for_an_event(loop: ControlledLoop) -> None:
    await park(loop, "outside")


async def is_inside_a_generator(loop: ControlledLoop) -> None:
    async def numbers() -> AsyncIterator[int]:
        try:
            for number in range(100):
                yield number
                await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0)

    async for _ in numbers():
        await asyncio.sleep(0)


async def abandons_a_generator(loop: ControlledLoop) -> None:
    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            await asyncio.sleep(0)

    async for _ in numbers():
        break
    await sleeps(loop)


async def is_inside_a_context_manager(loop: ControlledLoop) -> None:
    @asynccontextmanager
    async def scope() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await asyncio.sleep(0)

    async with scope():
        await sleeps(loop)


async def starts_tasks(loop: ControlledLoop) -> None:
    while len(loop.tasks) < 9:
        asyncio.create_task(sleeps(loop))
        await asyncio.sleep(0)


BODIES: list[Body] = [
    sleeps,
    awaits_on_its_way_out,
    fails_on_its_way_out,
    has_failed_unread,
    starts_a_task_on_its_way_out,
    waits_in_a_group,
    waits_with_a_timeout,
    waits_for_a_lock,
    waits_for_an_event,
    is_inside_a_generator,
    abandons_a_generator,
    is_inside_a_context_manager,
    starts_tasks,
]


@pytest.mark.parametrize("entered", [True, False], ids=["inside", "outside"])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_abandoned_after_any_number_of_steps_in_silence(
    body: Body, entered: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: unraisable.append(args.exc_value or args.err_msg))

    async def wrapped(loop: ControlledLoop) -> None:
        await body(loop)

    with warnings.catch_warnings(record=True) as said, caplog.at_level(logging.DEBUG):
        warnings.simplefilter("always")
        for limit in range(1, 12):
            loop = ControlledLoop(suspend_free_locks=bool(limit % 2))
            with controlled_locks():
                with loop.entered():
                    loop.create_task(wrapped(loop))
                    run(loop, Order.ANY, fixed([]), lambda: False, limit=limit)
                    if entered:
                        loop.abandon()
                if not entered:
                    loop.abandon()
            assert (loop.ready, loop.events, loop.faults, loop.timers) == ([], [], [], [])
            assert loop.is_closed()
            del loop
        gc.collect()
    assert [str(warning.message) for warning in said] == []
    assert unraisable == []
    assert caplog.messages == []


def test_abandoned_before_the_first_step() -> None:
    loop = ControlledLoop()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        loop.create_task(sleeps(loop))
        loop.abandon()
        del loop
        gc.collect()
    assert [str(warning.message) for warning in said] == []


def test_the_finally_of_an_abandoned_task_still_runs() -> None:
    """A subject's `finally` still runs, as far as it needs no loop."""
    loop = ControlledLoop()
    left: list[str] = []

    async def body() -> None:
        try:
            await asyncio.sleep(1)
        finally:
            left.append("finally")

    with loop.entered():
        loop.create_task(body())
        run(loop, Order.FIFO, fixed([]), lambda: False, limit=1)
    loop.abandon()
    assert left == ["finally"]


def test_a_cancelled_park_withdraws_its_event() -> None:
    loop = ControlledLoop()
    with loop.entered():
        task = loop.create_task(park(loop, "outside"))
        loop.run_step()
        assert [event.label for event in loop.events] == ["outside"]
        task.cancel()
        run(loop, Order.FIFO, lambda _: 0, lambda: False)
    assert task.cancelled()
    assert not loop.events


def test_an_exception_is_reported_once_and_only_if_unread() -> None:
    loop = ControlledLoop()

    async def fail() -> None:
        raise ValueError

    async def reader() -> None:
        with pytest.raises(ValueError):
            await read

    with loop.entered():
        read, unread = loop.create_task(fail()), loop.create_task(fail())
        loop.create_task(reader())
        loop.create_task(sleeps(loop)).cancel()
        run(loop, Order.FIFO, fixed([]), lambda: False)
        for _ in range(2):
            loop.report_unretrieved()
    assert [context["future"] for context in loop.unhandled] == [unread]


def test_a_generator_dropped_after_the_end_starts_nothing() -> None:
    loop = ControlledLoop()
    kept: list[AsyncIterator[int]] = []

    async def numbers() -> AsyncIterator[int]:
        yield 1

    async def keeper() -> None:
        kept.append(numbers())
        await anext(kept[0])

    with loop.entered():
        loop.create_task(keeper())
        run(loop, Order.FIFO, fixed([]), lambda: False)
        loop.abandon()
        kept.clear()
        gc.collect()
    assert loop.ready == []


def test_asyncio_forgets_the_tasks_of_a_finished_run() -> None:
    """It looks through all tasks by their hashes, which are the same in every run: kept by garbage, they would make each run slower than
    the one before."""
    loop = ControlledLoop()
    with loop.entered():
        kept = [loop.create_task(sleeps(loop)) for _ in range(3)]
        loop.run_step()
        assert asyncio.all_tasks(loop) == set(kept)
    loop.abandon()
    assert asyncio.all_tasks(loop) == set()


ENDLESS = """
import asyncio
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run

async def worker(queue):
    while True:
        try:
            await queue.get()
        except BaseException:
            pass

loop = ControlledLoop()
with loop.entered():
    loop.create_task(worker(asyncio.Queue()))
    run(loop, Order.FIFO, lambda _: 0, lambda: False)
loop.abandon()
"""


def test_a_task_that_swallows_every_exception_does_not_keep_the_process_from_ending() -> None:
    """The queue is bound to the loop of the run: closed once more where another loop runs, or none, the worker would go round for ever."""
    assert subprocess.run([sys.executable, "-c", ENDLESS], timeout=60, check=False).returncode == 0
