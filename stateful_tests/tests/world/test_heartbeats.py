"""Timers that set themselves again do not keep a run from resting."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import subwarden
from subwarden.world.heartbeats import Heartbeats


async def ticks(period: float, beat: Callable[[], object] = lambda: None) -> None:
    while True:
        await asyncio.sleep(period)
        beat()


class Hub:
    """A hub whose server looks at a flag ten times a second, and pings twice a minute with a time-out."""

    def __init__(self) -> None:
        self.live: set[str] = set()
        self.members: set[tuple[str, str]] = set()
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self.tasks = [asyncio.create_task(ticks(0.1)), asyncio.create_task(self.pings())]
        asyncio.get_running_loop().call_later(5, self.again)

    def again(self) -> None:
        self.timer = asyncio.get_running_loop().call_later(5, self.again)

    async def pings(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), 2)

    async def connect(self, client: str) -> None:
        self.live.add(client)

    async def subscribe(self, client: str, topic: str) -> bool:
        await asyncio.sleep(0.1)
        if client in self.live:
            self.members.add((client, topic))
        return client in self.live

    async def unsubscribe(self, client: str, topic: str) -> bool:
        was = (client, topic) in self.members
        self.members.discard((client, topic))
        return was

    def observe(self) -> set[tuple[str, str]]:
        return self.members

    async def close(self) -> None:
        for each in self.tasks:
            each.cancel()
        self.timer.cancel() if hasattr(self, "timer") else None


@pytest.mark.slow
def test_an_adapter_with_heartbeats_comes_to_rest() -> None:
    try:
        report = subwarden.holds(Hub, budget=20)
    except subwarden.DoesNotHold as error:
        report = error.report
    assert report.verdict != "violated", str(report)


def test_a_heartbeat_that_is_left_behind_is_said_to_be() -> None:
    async def scenario() -> None:
        asyncio.create_task(ticks(1))

    found = subwarden.explore(scenario, schedules=20)
    assert "the scenario has ended, and ticks is left behind" in str(found)
    assert subwarden.explore(scenario, schedules=20, leave=["ticks"]).verdict == "holds"


def test_who_waits_for_ever_beside_heartbeats_is_named() -> None:
    async def scenario() -> None:
        beating = asyncio.create_task(ticks(0.5))
        await asyncio.Event().wait()
        beating.cancel()

    said = str(subwarden.explore(scenario, schedules=3, order="fifo"))
    assert "scenario waits for ever: nobody is left to wake it" in said
    assert "ticks sleeps, again and again" in said


class Answers:
    """An object that has whatever it is asked for, as a recorder does."""

    __slots__ = ()

    def __getattr__(self, _name: str) -> Callable[[], None]:
        return lambda: None


def test_who_waits_for_ever_with_an_object_that_makes_its_attributes_is_named() -> None:
    """What it holds is looked at, and it must not be asked."""

    async def scenario() -> None:
        held = Answers()
        beating = asyncio.create_task(ticks(0.5))
        await asyncio.Event().wait()
        beating.cancel()
        del held

    said = str(subwarden.explore(scenario, schedules=3, order="fifo"))
    assert "scenario waits for ever: nobody is left to wake it" in said


def test_a_timer_that_is_still_to_come_is_waited_for() -> None:
    """Though others beat meanwhile."""

    async def scenario() -> None:
        beating = asyncio.create_task(ticks(1))

        async def fails_late() -> None:
            await asyncio.sleep(50)
            beating.cancel()
            raise KeyError("late")

        asyncio.create_task(fails_late())

    assert "KeyError: 'late', in fails_late" in str(subwarden.explore(scenario, schedules=5, order="fifo"))


def test_a_long_count_is_no_heartbeat() -> None:
    """The scenario waits for it, though nothing shows."""

    async def scenario() -> None:
        for _ in range(1_000):
            await asyncio.sleep(1)

    assert subwarden.explore(scenario, schedules=2, order="fifo").verdict == "holds"


def test_a_fault_in_a_heartbeat_is_tried() -> None:
    seen: set[int] = set()

    async def scenario() -> None:
        rounds = 0

        def beat() -> None:
            nonlocal rounds
            rounds += 1

        try:
            await subwarden.may_cancel(asyncio.wait_for(ticks(1, beat), 30))
        except TimeoutError:
            seen.add(-1)
        except asyncio.CancelledError:
            seen.add(rounds)

    assert subwarden.explore(scenario, schedules=200, order="fifo").verdict == "holds"
    assert {-1, 0, 1, 2, 3} <= seen


def test_the_stock_runner_has_no_rest() -> None:
    async def main() -> Any:
        beats = 0
        while beats < 300:
            await asyncio.sleep(1)
            beats += 1
        return beats

    assert subwarden.run(main()) == 300


async def polls_a_clock(clock: Callable[[], float], seconds: float) -> None:
    until = clock() + seconds
    while clock() < until:  # noqa: ASYNC110  # as many programs do
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("name", ["monotonic", "time", "perf_counter", "the loop's"])
def test_who_polls_a_clock_waits_for_it(name: str) -> None:
    """Though nothing changes but the time."""

    async def scenario() -> None:
        await polls_a_clock(asyncio.get_running_loop().time if name == "the loop's" else getattr(time, name), 10)

    assert subwarden.explore(scenario, schedules=1, order="fifo").verdict == "holds"
    assert subwarden.run(scenario()) is None


def test_who_waits_for_ever_beside_a_clock_that_is_polled_is_named() -> None:
    async def scenario() -> None:
        polling = asyncio.create_task(polls_a_clock(time.monotonic, 10_000))
        await asyncio.Event().wait()
        polling.cancel()

    said = str(subwarden.explore(scenario, schedules=1, order="fifo"))
    assert "scenario waits for ever: nobody is left to wake it" in said
    assert "polls_a_clock sleeps, again and again" in said


class Count:
    done = 0


def test_a_heartbeat_that_counts_towards_what_is_waited_for() -> None:
    """In a variable, in a container, or in an object."""

    async def scenario() -> None:
        ended, count = asyncio.Event(), Count()
        seen: list[int] = []

        def beat() -> None:
            count.done += 1
            if count.done == 300:
                ended.set()

        async def collects() -> None:
            while len(seen) < 300:
                await asyncio.sleep(1)
                seen.append(0)

        async def counts() -> None:
            for _ in range(300):
                await asyncio.sleep(1)

        beating = asyncio.create_task(ticks(1, beat))
        await ended.wait()
        await asyncio.create_task(collects())
        await asyncio.create_task(counts())
        beating.cancel()

    assert subwarden.explore(scenario, schedules=1, order="fifo").verdict == "holds"


def test_a_task_of_a_timer_that_goes_on_is_not_left_behind() -> None:
    """The run is cut off at some moment, where the last of them may not have ended. The scenario has long ended."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()

        async def refresh() -> None:
            await asyncio.wait_for(asyncio.sleep(1), 15)

        def again() -> None:
            loop.call_later(2, again)
            loop.create_task(refresh())  # the loop keeps it

        again()
        loop.call_later(2, again)
        await asyncio.sleep(7)

    for seed in range(3):
        found = subwarden.explore(scenario, schedules=2, seed=seed)
        assert found.verdict == "holds", str(found)


def test_tasks_that_have_ended_are_looked_at_once() -> None:
    """A timer that makes a task at each beat would make a long run take the square of its length."""

    class Ended:
        looks = 0

        def done(self) -> bool:
            self.looks += 1
            return True

    tasks = [Ended() for _ in range(5)]
    beats = Heartbeats(SimpleNamespace(tasks=tasks, timers=[], shows=lambda: None))  # type: ignore[arg-type]  # a loop's parts
    for _ in range(4):
        beats._look()
    assert {task.looks for task in tasks} == {1}
