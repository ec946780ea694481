"""Values, cancellations and failures that the scheduler decides; conditions that must hold always, or sometimes."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import subwarden
from subwarden.cli.main import main


async def three_awaits(log: list[str]) -> None:
    """Three awaits, each of which can be struck."""
    for step in "abc":
        log.append(step)
        await asyncio.sleep(0)


def test_a_cancellation_strikes_at_every_await() -> None:
    """And never more than once, and never anywhere else."""
    seen: set[str] = set()

    async def scenario() -> None:
        log: list[str] = []
        task = asyncio.create_task(subwarden.may_cancel(three_awaits(log)))
        await asyncio.wait([task])
        seen.add("".join(log) + ("!" if task.cancelled() else ""))

    assert subwarden.explore(scenario, order="fifo").verdict == "holds"
    assert seen == {"abc", "a!", "ab!", "abc!"}


def test_a_failure_strikes_at_every_await() -> None:
    """The exception is raised inside the call, where it may be caught."""
    seen: set[str] = set()

    async def scenario() -> None:
        log: list[str] = []
        try:
            await subwarden.may_fail(three_awaits(log), OSError("reset"))
        except OSError as error:
            log.append(f" {error}")
        assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]  # there is one
        seen.add("".join(log))

    assert subwarden.explore(scenario, order="fifo").verdict == "holds"
    assert seen == {"abc", "a reset", "ab reset", "abc reset"}


def test_after_a_cancelled_call_the_task_goes_on() -> None:
    """It is as after a call that timed out: nothing later is cancelled."""

    async def scenario() -> None:
        with suppress(asyncio.CancelledError):
            await subwarden.may_cancel(asyncio.sleep(1))
        async with asyncio.timeout(5):
            await asyncio.sleep(0)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.sleep(0))

    found = subwarden.explore(scenario, order="fifo")
    assert found.verdict == "holds", found.text()


async def lets_it_out() -> None:
    await subwarden.may_cancel(asyncio.sleep(1))


async def waits_for_its_task() -> None:
    await asyncio.create_task(subwarden.may_cancel(asyncio.sleep(1)))


async def gathers_it() -> None:
    await asyncio.gather(lets_it_out(), asyncio.sleep(2))


async def cleans_up_after_it() -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(asyncio.sleep(2))
        try:
            await subwarden.may_cancel(asyncio.sleep(1))
        finally:
            await asyncio.sleep(0)


async def raises_it_anew() -> None:
    try:
        await subwarden.may_cancel(asyncio.sleep(1))
    except asyncio.CancelledError:
        raise asyncio.CancelledError("said otherwise") from None


async def fails_a_shared_task() -> None:
    shared = asyncio.create_task(asyncio.sleep(1))

    async def one() -> None:
        with suppress(OSError):
            await subwarden.may_fail(shared, OSError)

    await asyncio.gather(one(), shared)


ASKED = [lets_it_out, waits_for_its_task, gathers_it, cleans_up_after_it, raises_it_anew, fails_a_shared_task]


@pytest.mark.parametrize("scenario", ASKED, ids=lambda scenario: scenario.__name__)
def test_a_cancellation_that_was_asked_for_may_leave_the_scenario(scenario: Any) -> None:
    """By itself, or by way of the task whose call was cancelled."""
    assert subwarden.explore(scenario).verdict == "holds"


def test_a_cancellation_of_others_after_one_that_was_caught_was_not_asked_for() -> None:
    """The scenario itself is cancelled first, and catches that; what then reaches it is another cancellation."""

    async def scenario() -> None:
        shared = asyncio.create_task(asyncio.sleep(1))
        with suppress(asyncio.CancelledError):
            await subwarden.may_cancel(shared)
        await shared

    found = subwarden.explore(scenario).findings[0]
    assert found["title"] == "the scenario is cancelled, and nobody asked for that"
    assert any("await shared" in line for line in found["evidence"])


def test_a_failure_of_an_awaited_task_reaches_the_one_who_waits() -> None:
    """Any awaitable will do: a task, a future, an object with `__await__`."""

    async def scenario() -> None:
        task = asyncio.create_task(asyncio.sleep(1))
        try:
            await subwarden.may_fail(task, ConnectionError)
        except ConnectionError:
            assert task.done()  # cancelled, unless it had just ended

    found = subwarden.explore(scenario)
    assert found.verdict == "holds", found.text()


def test_all_values_are_tried_and_the_first_that_fails_is_kept() -> None:
    """Values come before their order in the sequence: 3 fails, and so do all later ones."""
    seen: set[int] = set()

    async def scenario() -> None:
        number = subwarden.choose(range(6))
        seen.add(number)
        await asyncio.sleep(0)
        assert number < 3

    found = subwarden.explore(scenario)
    assert seen == set(range(6))
    (finding,) = found.findings
    assert finding["values"] == ["choose 3"]
    assert finding["deviations"] == 0


def test_outside_a_run_nothing_is_decided() -> None:
    """The same code runs on plain asyncio."""

    async def scenario() -> int:
        subwarden.always(lambda: False, "not looked at")
        subwarden.sometimes(lambda: False, "not looked at")
        await subwarden.may_cancel(asyncio.sleep(0))
        await subwarden.may_fail(asyncio.sleep(0), OSError)
        return subwarden.choose([7, 8])

    assert asyncio.run(scenario()) == 7


def test_bad_arguments_are_refused() -> None:
    """At the call, in one line."""
    with pytest.raises(ValueError, match="at least one value"):
        subwarden.choose([])
    waiting = asyncio.sleep(0)
    with pytest.raises(TypeError, match="needs an exception or its class, not 3"):
        subwarden.may_fail(waiting, 3)  # type: ignore[arg-type, unused-coroutine]  # the fault
    waiting.close()


def test_always_is_looked_at_after_every_step() -> None:
    """Also where the end is right again."""

    async def scenario() -> None:
        open_files = 0
        subwarden.always(lambda: open_files <= 1, "one file at a time")

        async def write() -> None:
            nonlocal open_files
            open_files += 1
            await asyncio.sleep(0)
            open_files -= 1

        await asyncio.gather(write(), write())

    (finding,) = subwarden.explore(scenario).findings
    assert finding["title"] == "always('one file at a time') does not hold"


def test_always_that_raises_does_not_hold() -> None:
    """With what it raises."""

    async def scenario() -> None:
        rooms: dict[str, int] = {}
        subwarden.always(lambda: rooms["lobby"] >= 0, "the lobby is there")
        await asyncio.sleep(0)

    (finding,) = subwarden.explore(scenario).findings
    assert finding["title"] == "always('the lobby is there') does not hold: it raises KeyError: 'lobby'"


def test_sometimes_that_is_met_holds_and_else_is_inconclusive() -> None:
    """In one run it is enough."""

    async def scenario() -> None:
        first: list[str] = []

        async def come(name: str) -> None:
            await asyncio.sleep(0)
            first.append(name)

        subwarden.sometimes(lambda: first[:1] == ["b"], "b is first")
        await asyncio.gather(come("a"), come("b"))

    assert subwarden.explore(scenario).verdict == "holds"
    fifo = subwarden.explore(scenario, order="fifo")
    assert fifo.verdict == "inconclusive"
    assert "never reached: sometimes('b is first')" in fifo.text()


def test_the_command_s_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """0 holds, 1 violated, 2 inconclusive."""
    path = tmp_path / "mine.py"
    path.write_text(
        "import asyncio, subwarden\n"
        "async def holds():\n    await asyncio.sleep(0)\n"
        "async def fails():\n    assert False\n"
        "async def hopes():\n    subwarden.sometimes(False, 'x')\n"
    )
    monkeypatch.chdir(tmp_path)
    assert [main(["explore", f"mine.py:{name}"]) for name in ("holds", "fails", "hopes")] == [0, 1, 2]
    assert "never reached: sometimes('x')" in capsys.readouterr().out


@pytest.mark.slow
def test_what_remains_can_be_allowed_by_name() -> None:
    """By the function's name or the task's."""

    async def scenario() -> None:
        async def heartbeat() -> None:
            while True:  # noqa: ASYNC110  # as users write it
                await asyncio.sleep(1)

        asyncio.create_task(heartbeat())
        asyncio.create_task(asyncio.Event().wait(), name="watcher")
        await asyncio.sleep(3)

    assert subwarden.explore(scenario, leave=["heartbeat", "watcher"]).verdict == "holds"
    (finding,) = subwarden.explore(scenario, leave=["watcher"]).findings
    assert finding["title"] == "the scenario has ended, and heartbeat is left behind"
