"""Tasks made by a call of `asyncio.Task`, past the loop, are as those of `create_task`: numbered, followed, and ended with the run."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest

import subwarden

Make = Callable[[Any], "asyncio.Task[Any]"]
SINCE_312 = pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks start eagerly since Python 3.12")


def called(coroutine: Any) -> "asyncio.Task[Any]":
    return asyncio.Task(coroutine)


def called_with_loop(coroutine: Any) -> "asyncio.Task[Any]":
    return asyncio.tasks.Task(coroutine, loop=asyncio.get_running_loop())


def called_eagerly(coroutine: Any) -> "asyncio.Task[Any]":
    eager: dict[str, Any] = {"eager_start": True}
    return asyncio.Task(coroutine, loop=asyncio.get_running_loop(), **eager)


def by_factory(coroutine: Any) -> "asyncio.Task[Any]":
    """As a package that has a class of tasks of its own, or gives them names."""
    loop = asyncio.get_running_loop()
    loop.set_task_factory(lambda loop, coroutine, **options: asyncio.Task(coroutine, loop=loop, **options))
    try:
        return loop.create_task(coroutine)
    finally:
        loop.set_task_factory(None)


class Own(asyncio.Task[Any]):
    """A subclass is left alone."""


MAKES = [called, called_with_loop, by_factory, pytest.param(called_eagerly, marks=SINCE_312)]


async def turns(log: list[str], name: str) -> None:
    for _ in range(2):
        log.append(name)
        await asyncio.sleep(0)


@pytest.mark.parametrize("make", MAKES)
def test_runs_repeat(make: Make) -> None:
    """They have the same names and the same places in sets in every run."""

    async def scenario() -> None:
        log: list[str] = []
        tasks = {make(turns(log, name)) for name in "abcdefgh"}
        await asyncio.wait(tasks)
        assert "".join(sorted(log)) == "aabbccddeeffgghh"
        assert all(task.get_name().startswith("task-") for task in tasks), tasks
        assert len(asyncio.all_tasks()) == 1

    found = subwarden.explore(scenario, schedules=30)
    assert found.verdict == "holds", found.text()


@pytest.mark.parametrize("make", MAKES)
def test_a_race_between_them_is_found(make: Make) -> None:
    async def scenario() -> None:
        log: list[str] = []
        await asyncio.gather(*(make(turns(log, name)) for name in "ab"))
        assert log[-1] == "b"

    found = subwarden.explore(scenario, schedules=100)
    assert [(each["order"], each["title"].split(":")[0]) for each in found.findings] == [("any", "AssertionError")], found.text()


@pytest.mark.parametrize("make", MAKES)
def test_one_that_is_left_is_found(make: Make) -> None:
    async def scenario() -> None:
        make(asyncio.Event().wait())
        await asyncio.sleep(1)

    found = subwarden.explore(scenario, order="fifo", schedules=5)
    assert [each["title"] for each in found.findings] == ["the scenario has ended, and wait is left behind"], found.text()


@pytest.mark.parametrize("make", MAKES)
def test_a_failure_that_nobody_retrieves_is_found(make: Make) -> None:
    async def fails() -> None:
        raise OSError("disk full")

    async def scenario() -> None:
        kept = make(fails())
        await asyncio.sleep(1)
        assert kept.done()

    found = subwarden.explore(scenario, order="fifo", schedules=5)
    assert [each["title"] for each in found.findings] == ["OSError: disk full, in fails, and nobody retrieves it"], found.text()


def test_subclasses_and_other_loops_are_left_alone() -> None:
    """A class made of it is one, in a run and after it; a task of a stock loop is CPython's own."""
    kinds: list[type] = []

    async def main() -> None:
        class Mine(asyncio.Task[Any]):
            """Made in a run, of what stands in the place of CPython's class."""

        assert issubclass(Mine, asyncio.Task)
        assert issubclass(Own, asyncio.Task)
        for kind in (Own, Mine):
            task = kind(turns([], "a"), loop=asyncio.get_running_loop())
            assert isinstance(task, asyncio.Task)
            await task
        kinds.append(Mine)

    before = asyncio.Task
    subwarden.run(main())
    assert asyncio.Task is asyncio.tasks.Task is before
    assert issubclass(kinds[0], asyncio.Task)

    async def stock() -> "asyncio.Task[None]":
        return asyncio.Task(turns([], "a"))

    assert type(asyncio.run(stock())) is before
