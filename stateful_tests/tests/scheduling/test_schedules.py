"""Schedules by name: every run of a small program, once recorded, can be followed to the same end."""

import asyncio
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import Ending, run
from subwarden.scheduling.schedule import Divergence, Follower, Guide, Recorder, fixed
from subwarden.stateful_tests.tests.scheduling.enumerated import (
    PROGRAMS,
    contended,
    every_run,
    follow,
    guide,
    independent,
    play,
    record,
    with_outside,
)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_run_can_be_followed_and_guided_by_its_names(name: str) -> None:
    program, order = PROGRAMS[name]
    runs = list(every_run(program, order))
    assert len(runs) > 1
    assert len({tuple(done.names) for done in runs}) == len(runs), "different runs have different names"
    for done in runs[:: max(1, len(runs) // 200)]:
        assert follow(program, order, done.names) == done.log
        assert guide(program, order, done.names) == done.log


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_schedule_too_short_or_too_long_is_noticed(name: str) -> None:
    program, order = PROGRAMS[name]
    names = record(program, order, [1, 0, 1]).names
    for cut in range(len(names)):
        with pytest.raises(Divergence) as short:
            follow(program, order, names[:cut])
        assert (short.value.step, short.value.wanted) == (cut + 1, None)
        assert names[cut] in short.value.available
    with pytest.raises(Divergence) as long:
        follow(program, order, [*names, "one more"])
    assert (long.value.step, long.value.wanted, long.value.available) == (len(names) + 1, "one more", [])


@pytest.mark.parametrize("changed", range(4))
def test_a_changed_program_diverges_at_the_very_step(changed: int) -> None:
    """The task is renamed, or ends, right after step `changed`: the recorded step cannot be next."""

    def program(loop: ControlledLoop, log: list[str], *, until: int = 5, rename: int = 5) -> None:
        async def body() -> None:
            for step in range(until):
                log.append(f"step {step}")
                if step == rename:
                    task.set_name("renamed")
                if step + 1 < until:
                    await asyncio.sleep(0)

        task = loop.create_task(body(), name="body")

    names = record(program, Order.FIFO, []).names
    assert names == ["body"] * 5
    with pytest.raises(Divergence) as renamed:
        follow(lambda loop, log: program(loop, log, rename=changed), Order.FIFO, names)
    assert (renamed.value.step, renamed.value.wanted, renamed.value.available) == (changed + 2, "body", ["renamed"])
    assert f"at step {changed + 2} the schedule wants 'body', but possible now: renamed" in str(renamed.value)
    with pytest.raises(Divergence) as ended:
        follow(lambda loop, log: program(loop, log, until=changed + 1), Order.FIFO, names)
    assert (ended.value.step, ended.value.wanted, ended.value.available) == (changed + 2, "body", [])


def test_a_guide_skips_names_that_cannot_happen() -> None:
    names = ["c", "nobody", "b", "+nothing", "c", "a"]
    assert guide(independent(3, 2), Order.ANY, names) == ["c0", "b0", "c1", "a0", "b1", "a1"]
    assert guide(independent(3, 2), Order.ANY, []) == record(independent(3, 2), Order.ANY, []).log
    assert guide(independent(2, 2), Order.ANY, names) == ["b0", "a0", "b1", "a1"], "fewer operations, the same order among the rest"


def test_fixed_choices_are_cut_to_the_number_of_candidates() -> None:
    assert record(independent(2, 1), Order.ANY, [99]).log == ["b0", "a0"]
    choose = fixed([5, 1])
    assert [choose(3), choose(3), choose(3)] == [2, 1, 0]


@given(st.sampled_from(sorted(PROGRAMS)), st.lists(st.integers(0, 7), max_size=25))
def test_any_choices_give_a_run_that_its_names_repeat(name: str, choices: list[int]) -> None:
    program, order = PROGRAMS[name]
    done = record(program, order, choices)
    assert record(program, order, choices) == done, "the same choices, the same run"
    assert record(program, order, done.choices) == done, "the choices that a run reports are those that it made"
    assert follow(program, order, done.names) == done.log
    assert guide(program, order, done.names) == done.log


@given(st.sampled_from(sorted(PROGRAMS)), st.lists(st.integers(0, 7), max_size=25), st.data())
def test_a_guide_never_fails_on_a_schedule_that_was_damaged(name: str, choices: list[int], data: st.DataObject) -> None:
    program, order = PROGRAMS[name]
    done = record(program, order, choices)
    damaged = data.draw(st.lists(st.sampled_from([*done.names, "nobody", "+nothing", "timer"]), max_size=30))
    log, _, _ = play(program, order, lambda loop: Guide(LoopCandidates(loop, order), damaged))
    assert log, "the program has run"


@given(st.lists(st.integers(0, 7), max_size=40))
def test_names_repeat_runs_in_order_any_too(choices: list[int]) -> None:
    """The contended program has too many runs in `any` to enumerate, so chance picks some."""
    done = record(contended, Order.ANY, choices)
    assert follow(contended, Order.ANY, done.names) == done.log


def test_choices_are_reported_alike_with_and_without_every_choice() -> None:
    for asked in (False, True):
        loop, log = ControlledLoop(), list[str]()
        with loop.entered():
            with_outside(2, 2)(loop, log)
            ending, choices, steps = run(loop, Order.FIFO, fixed([1, 0, 1]), lambda: False, every_choice=asked)
        assert (ending, choices, steps) == (Ending.QUIESCENT, [1, 0, 1], 2)
        assert log == ["event 0", "a0", "event 1", "a1"]


@given(st.lists(st.sampled_from(["x", "x@2", "x@3", "y"]), min_size=1, max_size=6), st.integers(0, 2**32))
def test_names_are_told_apart_whatever_tasks_are_called(called: list[str], seed: int) -> None:
    """Also if a task has the name that the second of two equal names would get; and a schedule by these names is followed exactly."""
    logs: list[list[int]] = []
    schedule: list[str] = []
    for again in (False, True):
        loop, log = ControlledLoop(), list[int]()

        async def write(number: int, log: list[int] = log) -> None:
            log.append(number)
            await asyncio.sleep(0)
            log.append(number)

        with loop.entered():
            for number, name in enumerate(called):
                loop.create_task(write(number), name=name)
            names = LoopCandidates(loop, Order.ANY).names()
            assert len(set(names)) == len(names)
            assert [name for name in names if name in called] == list(dict.fromkeys(called))
            random = Random(seed)
            recorder = Recorder(LoopCandidates(loop, Order.ANY), random.randrange)
            run(loop, Order.ANY, Follower(LoopCandidates(loop, Order.ANY), schedule) if again else recorder, None, every_choice=True)
            schedule = schedule or recorder.names
        logs.append(log)
    assert logs[0] == logs[1]
