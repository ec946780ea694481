"""The minimal run of a scenario has few deviations, also where many tasks, or a network, give the first failing run dozens."""

import asyncio
from functools import partial
from typing import Any

import pytest

import subwarden
from subwarden.checking.scenario.places import frames
from subwarden.stateful_tests.explore.searching import minimal
from subwarden.stateful_tests.specimens.races.split_lock import SplitLock, call
from subwarden.stateful_tests.specimens.races.stream_chat import chat
from subwarden.stateful_tests.subjects.scenario.play import Result


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
def test_two_deviations_are_left_of_a_run_of_six_tasks(seed: int) -> None:
    async def crowd() -> None:
        manager = SplitLock()
        await asyncio.gather(*(call(at, manager) for at in range(6)))
        assert not manager.phantoms()

    found = subwarden.explore(crowd, order="any", seed=seed)
    assert [finding["deviations"] for finding in found.findings] == [2]


def test_the_searches_for_fewer_deviations_share_their_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """One failure may need several: in the weaker order, without faults, without slow steps. With a network each took seconds."""
    searched = 0
    strategic = minimal.strategic

    def counted(*arguments: Any) -> Result | None:
        nonlocal searched
        result = strategic(*arguments)
        searched += 0 if result is None else result.steps
        return result

    async def crowd() -> None:
        manager = SplitLock()
        await asyncio.gather(*(call(at, manager) for at in range(6)))
        assert not manager.phantoms()

    monkeypatch.setattr(minimal, "STEPS", 2_000)
    monkeypatch.setattr(minimal, "strategic", counted)
    found = subwarden.explore(crowd, order="any")
    assert (found.verdict, len(found.findings)) == ("violated", 1)
    assert 1_000 < searched < 2_000


def test_one_deviation_is_left_of_a_run_on_the_network() -> None:
    found = subwarden.explore(partial(chat, False), order="any", schedules=30)
    assert [(finding["order"], finding["deviations"]) for finding in found.findings] == [("fifo", 1)]
    assert subwarden.explore(partial(chat, True), schedules=10).verdict == "holds"


def test_the_frames_of_a_coroutine_that_runs_are_those_on_the_stack() -> None:
    """Its `cr_await` may not be asked for: CPython 3.11 can crash."""
    seen: list[list[str]] = []

    async def inner() -> None:
        task = asyncio.current_task()
        assert task is not None
        seen.append([frame.f_code.co_name for frame in frames(task.get_coro())])
        await asyncio.sleep(0)

    async def outer() -> None:
        await inner()

    async def main() -> None:
        task = asyncio.create_task(outer())
        await asyncio.sleep(0)
        seen.append([frame.f_code.co_name for frame in frames(task.get_coro())])
        await task

    asyncio.run(main())
    assert seen == [["outer", "inner"], ["outer", "inner", "sleep", "__sleep0"]]
