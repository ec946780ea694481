"""A scenario that sets the pace: a test that was written for stock asyncio holds, and a race beside it is found."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.strategy import once
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.explore.api import plan_of
from subwarden.stateful_tests.explore.code import coded_run, decode, encode
from subwarden.stateful_tests.explore.exploration import Plan, explore_scenario
from subwarden.stateful_tests.explore.once import follow
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.specimens.scenarios import planted
from subwarden.stateful_tests.subjects.scenario.play import Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import scenario_of

FREE = plan_of(schedules=300)
PACED = replace(FREE, paced=True)


async def sleeps_until_it_is_there() -> None:
    """`sleep(0)` lets what was ready before go first."""
    seen: list[int] = []

    async def put() -> None:
        seen.append(1)

    task = asyncio.create_task(put())
    await asyncio.sleep(0)
    assert seen == [1]
    await task


async def sleeps_for_a_time() -> None:
    """A short sleep is enough for what takes no time."""
    lock, seen = asyncio.Lock(), list[int]()

    async def put() -> None:
        async with lock:
            await asyncio.sleep(0)
            seen.append(1)

    task = asyncio.create_task(put())
    await asyncio.sleep(0.01)
    assert seen == [1]
    await task


async def counts_steps() -> None:
    """After so many turns of the loop, a task has gone so far and no further; a free lock takes none."""
    lock, seen = asyncio.Lock(), list[str]()

    async def put() -> None:
        for each in "ab":
            async with lock:
                seen.append(each)
            await asyncio.sleep(0)

    task = asyncio.create_task(put())
    await asyncio.sleep(0)
    assert seen == ["a"]
    await task


async def starts_in_order() -> None:
    """Tasks begin in the order in which they were made."""
    seen: list[int] = []

    async def put(number: int) -> None:
        seen.append(number)

    await asyncio.gather(*(put(number) for number in range(3)))
    assert seen == [0, 1, 2]


async def expires_in_time() -> None:
    """What takes no time is done before a time-out, and what takes longer is not."""
    async with asyncio.timeout(0.1):
        await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0.05))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await asyncio.sleep(0.2)


async def sleeps_as_long_as_another() -> None:
    """Equal timers fire in the order of their creation, also for the task that sets the pace."""
    seen: list[str] = []

    async def put() -> None:
        await asyncio.sleep(0.1)
        seen.append("task")

    task = asyncio.create_task(put())
    await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    assert seen == ["task"]
    await task


AS_PEOPLE_WRITE_THEM = [
    sleeps_until_it_is_there,
    sleeps_for_a_time,
    counts_steps,
    starts_in_order,
    expires_in_time,
    sleeps_as_long_as_another,
]


def found(scenario: Any, plan: Plan) -> bool:
    record = explore_scenario(scenario_of(scenario), plan).record
    assert record["doubts"] == []
    return bool(record["findings"])


@pytest.mark.parametrize("scenario", AS_PEOPLE_WRITE_THEM, ids=lambda each: each.__name__)
def test_a_test_that_rests_on_its_own_pace_holds(scenario: Any) -> None:
    """It fails where nobody keeps the pace, or this would say nothing."""
    assert not found(scenario, PACED)
    assert found(scenario, FREE)


SLOW = {planted.late_answer}  # an answer that comes after a time-out: it needs a slow step
PLANTED = [each for each in vars(planted).values() if asyncio.iscoroutinefunction(each)]


@pytest.mark.parametrize("scenario", PLANTED, ids=lambda each: each.__name__)
def test_planted_faults_are_found_at_that_pace_too(scenario: Any) -> None:
    assert found(scenario, PACED) is (scenario not in SLOW)


def interleavings(rules: Rules, make: Callable[[list[str]], Any]) -> set[str]:
    """What the runs of a scenario write, over all of its schedules."""
    seen: set[str] = set()
    logs: list[list[str]] = []

    async def scenario() -> None:
        logs.append([])
        await make(logs[-1])

    runner, everything = ScenarioRunner(scenario_of(scenario), rules), DelayBounded(100)
    with running():
        while once(everything, runner.run) is not None:
            seen.add("".join(logs.pop()))
    assert everything.everything
    return seen


async def _two_and_the_test(log: list[str]) -> None:
    async def write(name: str) -> None:
        log.append(name)
        await asyncio.sleep(0)
        log.append(name.upper())

    tasks = [asyncio.create_task(write(name)) for name in "ab"]
    await asyncio.sleep(0)
    log.append("-")
    await asyncio.wait(tasks)


def test_between_two_steps_of_the_test_the_others_are_free() -> None:
    """Exactly: both have begun, in order, when the test goes on; then either may be first."""
    paced = Rules(Order.ANY, slow_steps=False, paced=True)
    assert interleavings(paced, _two_and_the_test) == {"ab-AB", "ab-BA"}
    assert interleavings(replace(paced, order=Order.FIFO), _two_and_the_test) == {"ab-AB"}
    assert len(interleavings(replace(paced, paced=False), _two_and_the_test)) > 10


def test_a_replay_keeps_the_pace() -> None:
    """The string says so: without it, its choices would be of other steps."""

    async def scenario() -> None:
        log: list[str] = []
        await _two_and_the_test(log)
        assert "".join(log) == "ab-AB"

    made = scenario_of(scenario)
    (run,) = explore_scenario(made, PACED).runs
    assert run.rules.paced

    again = follow(made, decode(encode(coded_run(run.rules, run.choices, run.names))))
    assert again.record["verdict"] == "violated"
    assert again.record["doubts"] == []


def test_all_states_at_that_pace_are_those_that_brute_force_sees() -> None:
    """The order of the ready steps is a part of the state there."""

    async def scenario() -> None:
        log: list[str] = []
        await _two_and_the_test(log)

    record = explore_scenario(scenario_of(scenario), replace(PACED, schedules=2_000, orders=(Order.ANY,))).record
    (check,) = record["checks"]
    assert check["complete"]
    assert check.get("end_states", 2) <= 2


def test_the_first_run_is_that_of_stock_asyncio() -> None:
    """With or without the pace."""
    for rules in (Rules(Order.FIFO, slow_steps=False, paced=True), Rules(Order.ANY, slow_steps=False, paced=True)):
        log: list[str] = []
        ScenarioRunner(scenario_of(partial(_two_and_the_test, log)), rules).run(lambda _: fixed(()))
        assert "".join(log) == "ab-AB"


async def jobs_take_no_time() -> None:
    """A thread that returns at once does so before a time-out."""
    async with asyncio.timeout(0.1):
        await asyncio.to_thread(int)


async def messages_take_no_time() -> None:
    """So does a peer on this machine."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "localhost", 8000):
        reader, writer = await asyncio.open_connection("localhost", 8000)
        writer.write(b"hello\n")
        async with asyncio.timeout(0.1):
            assert await reader.readline() == b"hello\n"
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("scenario", [jobs_take_no_time, messages_take_no_time], ids=lambda each: each.__name__)
def test_what_is_outside_is_not_slow(scenario: Any) -> None:
    """A test waits a short time for it, and takes that to be enough."""
    assert not found(scenario, PACED)
    assert found(scenario, FREE)


async def tasks_named_by_addresses() -> None:
    """A name such as `service (7f5eeda0e950)` is another in every run."""
    await asyncio.gather(*(asyncio.create_task(asyncio.sleep(0), name=f"service ({id(object()) + number:x})") for number in range(2)))
    asyncio.create_task(asyncio.Event().wait(), name=f"left ({id(object()):x})")


def test_a_name_that_is_another_in_every_run_is_no_doubt() -> None:
    explored = explore_scenario(scenario_of(tasks_named_by_addresses), replace(PACED, leave=frozenset({"left (#)"})))
    assert explored.record["verdict"] == "holds"
