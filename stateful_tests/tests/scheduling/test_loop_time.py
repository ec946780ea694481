"""Virtual time moves only when nothing is ready, names are the same in every run, and each step is one handle."""

import asyncio
import math
import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subwarden.scheduling.events import Event
from subwarden.scheduling.handles import label, owner
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import STARVATION_BOUND, Ending, run
from subwarden.scheduling.schedule import Recorder, fixed


def test_time_stands_still_while_a_step_can_run() -> None:
    loop = ControlledLoop()
    log: list[tuple[str, float]] = []

    async def busy() -> None:
        for _ in range(50):
            log.append(("busy", loop.time()))
            await asyncio.sleep(0)

    with loop.entered():
        loop.call_later(0.001, lambda: log.append(("timer", loop.time())))
        loop.create_task(busy())
        run(loop, Order.FIFO, fixed([]), lambda: False)
    assert log == [("busy", 0.0)] * 50 + [("timer", 0.001)]


def test_the_timer_is_offered_only_when_nothing_is_ready() -> None:
    loop = ControlledLoop()
    offered: list[list[str]] = []
    loop.events.append(Event("outside", lambda: offered.append(["delivered"])))
    loop.call_later(1, offered.append, ["timer"])
    loop.call_soon(offered.append, ["step"])
    with loop.entered():

        def choose(_: int) -> int:
            offered.append(LoopCandidates(loop, Order.FIFO).names())
            return 0

        run(loop, Order.FIFO, choose, lambda: False, every_choice=True)
    assert offered[:2] == [["list.append", "+outside"], ["step"]]
    assert offered[2:] == [["+outside", "timer"], ["delivered"], ["timer"], ["list.append"], ["timer"]]


def test_a_timer_can_come_before_an_event_and_an_event_does_not_move_time() -> None:
    for pick, expected in ((0, ["outside at 0.0", "timer at 5.0"]), (1, ["timer at 5.0", "outside at 5.0"])):
        loop = ControlledLoop()
        log: list[str] = []
        with loop.entered():
            loop.events.append(Event("outside", lambda log=log, loop=loop: log.append(f"outside at {loop.time()}")))  # type: ignore[misc]
            loop.call_at(5.0, lambda log=log, loop=loop: log.append(f"timer at {loop.time()}"))
            run(loop, Order.FIFO, fixed([pick]), lambda: False)
        assert log == expected


def test_a_year_of_sleep_costs_nothing() -> None:
    loop = ControlledLoop()
    with loop.entered():
        task = loop.create_task(asyncio.sleep(365 * 86400.0, "slept"))
        _, _, steps = run(loop, Order.FIFO, fixed([]), lambda: False)
    assert task.result() == "slept"
    assert loop.time() == 365 * 86400.0
    assert steps == 3


def test_an_endless_sleep_never_ends_and_can_be_cancelled() -> None:
    loop = ControlledLoop()
    with loop.entered():
        task = loop.create_task(asyncio.sleep(math.inf))
        loop.call_later(5.0, task.cancel)
        ending, _, _ = run(loop, Order.FIFO, fixed([]), lambda: False)
        assert (ending, loop.time(), task.cancelled()) == (Ending.QUIESCENT, 5.0, True)
        for_ever = loop.create_task(asyncio.sleep(math.inf))
        ending, _, _ = run(loop, Order.FIFO, fixed([]), lambda: False)
    assert (ending, loop.time(), for_ever.done(), loop.has_timers()) == (Ending.QUIESCENT, 5.0, False, False)
    loop.abandon()


@given(st.lists(st.integers(0, 3), max_size=12))
def test_timers_run_by_deadline_and_equal_ones_in_order_of_creation(deadlines: list[int]) -> None:
    loop = ControlledLoop()
    log: list[int] = []
    with loop.entered():
        for at, deadline in enumerate(deadlines):
            loop.call_at(deadline, log.append, at)
        run(loop, Order.FIFO, fixed([]), lambda: False)
    assert log == sorted(range(len(deadlines)), key=lambda at: deadlines[at])


@given(st.lists(st.integers(0, 3), min_size=1, max_size=8), st.data())
def test_cancelled_timers_never_run_whenever_cancelled(deadlines: list[int], data: st.DataObject) -> None:
    """Also when due already, and by one of the same moment."""
    loop = ControlledLoop()
    log: list[int] = []
    killer = data.draw(st.integers(0, len(deadlines) - 1))
    victim = data.draw(st.integers(0, len(deadlines) - 1))
    with loop.entered():

        def ring(at: int) -> None:
            log.append(at)
            if at == killer:
                timers[victim].cancel()

        timers = [loop.call_at(deadline, ring, at) for at, deadline in enumerate(deadlines)]
        ending, _, _ = run(loop, Order.FIFO, fixed([]), lambda: False)
    order = sorted(range(len(deadlines)), key=lambda at: deadlines[at])
    if order.index(victim) > order.index(killer):
        order.remove(victim)
    assert log == order
    assert ending is Ending.QUIESCENT
    assert timers[victim].cancelled()
    assert not loop.has_timers()


def test_a_loop_with_only_cancelled_timers_is_quiescent() -> None:
    loop = ControlledLoop()
    with loop.entered():
        loop.call_later(1, print, "never").cancel()
        assert not loop.has_timers()
        assert not loop.advance()
        assert run(loop, Order.FIFO, fixed([]), lambda: False) == (Ending.QUIESCENT, [], 0)
    assert loop.time() == 0.0


def test_a_cancelled_handle_is_not_offered() -> None:
    loop = ControlledLoop()
    handles = [loop.call_soon(print, "never") for _ in range(3)]
    handles[1].cancel()
    handles[1].cancel()
    assert loop.ready == [handles[0], handles[2]]


def test_unnamed_tasks_are_named_alike_in_every_run() -> None:
    async def child() -> None:
        await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(child(), child())
        async with asyncio.TaskGroup() as group:
            group.create_task(child())
            group.create_task(child(), name="given")
            group.create_task(child())

    def names() -> list[str]:
        loop = ControlledLoop()
        with loop.entered():
            loop.create_task(main())
            run(loop, Order.FIFO, fixed([]), lambda: False)
        return [task.get_name() for task in loop.tasks]

    assert names() == names() == ["task-1", "task-2", "task-3", "task-4", "given", "task-6"]


def test_eager_tasks_have_names_of_their_own_from_their_first_step() -> None:
    factory = getattr(asyncio, "eager_task_factory", None)
    seen: list[str] = []

    async def body(depth: int) -> None:
        current = asyncio.current_task()
        assert current is not None
        seen.append(current.get_name())
        if depth:
            await asyncio.create_task(body(depth - 1))

    loop = ControlledLoop()
    with loop.entered():
        loop.set_task_factory(factory)  # None before 3.12: the same names then, one step later
        loop.create_task(body(2))
        run(loop, Order.FIFO, fixed([]), lambda: False)
    assert seen == ["task-1", "task-2", "task-3"]
    assert sorted(task.get_name() for task in loop.tasks) == seen


def test_a_step_belongs_to_its_task_and_a_callback_to_none() -> None:
    loop = ControlledLoop()
    with loop.entered():
        future = loop.create_future()

        async def body() -> None:
            await future

        task = loop.create_task(body(), name="body")
        assert owner(loop.ready[0]) is task
        loop.run_step()
        future.set_result(None)
        assert owner(loop.ready[0]) is task
        loop.call_soon(task.cancel)
        loop.call_soon(print)
        assert [owner(handle) for handle in loop.ready] == [task, None, None]
        assert [label(handle) for handle in loop.ready] == ["body", "Task.cancel", "print"]
        loop.abandon()


def test_the_bound_on_steps_and_the_observer_end_a_run() -> None:
    loop = ControlledLoop()

    async def forever() -> None:
        for _ in range(1000):
            await asyncio.sleep(0)

    with loop.entered():
        loop.create_task(forever())
        assert run(loop, Order.FIFO, fixed([]), lambda: False, limit=7) == (Ending.LIMIT, [], 7)
        assert run(loop, Order.FIFO, fixed([]), lambda: True) == (Ending.STOPPED, [], 1)
        loop.abandon()


@pytest.mark.parametrize("every_choice", [False, True])
def test_no_ready_step_is_passed_over_for_ever(every_choice: bool) -> None:
    """A callback that returns until another task has run (anyio delivers a cancellation so) must not keep that task from running."""
    loop = ControlledLoop()
    names: list[str] = []
    with loop.entered():
        task = loop.create_task(asyncio.sleep(0), name="task")

        def again() -> None:
            if not task.done():
                loop.call_soon(again)

        again()
        recorder = Recorder(LoopCandidates(loop, Order.ANY), lambda n: n - 1)  # the last to come is always the first
        ending, choices, steps = run(loop, Order.ANY, recorder if every_choice else lambda n: n - 1, None, every_choice=every_choice)
        names = recorder.names
    assert (ending, task.done()) == (Ending.QUIESCENT, True)
    assert steps > STARVATION_BOUND  # or it was not unfair
    assert sum(choices) == len(choices) >= STARVATION_BOUND  # a step without a choice does not count
    assert len(names) == (steps if every_choice else 0)
    if every_choice:
        assert names.count("task") == 2


def test_errors_of_callbacks_reach_the_handler_and_the_run_goes_on() -> None:
    loop = ControlledLoop()
    with loop.entered():
        loop.call_soon(int, "no number")
        loop.call_soon(random.Random, 0)
        ending, _, steps = run(loop, Order.FIFO, fixed([]), lambda: False)
    assert (ending, steps) == (Ending.QUIESCENT, 2)
    assert [type(context["exception"]) for context in loop.unhandled] == [ValueError]


def test_the_running_loop_and_the_hooks_are_restored() -> None:
    hooks = sys.get_asyncgen_hooks()
    outer, inner = ControlledLoop(), ControlledLoop()
    with outer.entered():
        with inner.entered():
            assert asyncio.get_running_loop() is inner
            assert inner.is_running()
            assert not outer.is_running()
        assert asyncio.get_running_loop() is outer
    assert sys.get_asyncgen_hooks() == hooks
    assert not outer.is_running()
