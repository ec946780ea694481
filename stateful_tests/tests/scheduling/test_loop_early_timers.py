"""Timers that are due while steps are ready: slow steps affect timeouts as on stock asyncio, neither more nor less."""

import asyncio
import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import EARLY, TIMER, Order, happen, loop_for
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import Follower, Recorder, fixed
from subwarden.scheduling.state_search.search import StateSearch
from subwarden.scheduling.strategies.sampling.feedback import Feedback
from subwarden.scheduling.strategies.sampling.pct import Pct
from subwarden.scheduling.strategies.sampling.pos import Pos
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.sampling.surw import Surw
from subwarden.scheduling.strategies.sampling.urw import Urw
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.stateful_tests.tests.scheduling.early_timers import Body, hand_over, outcomes, stock_outcomes


def test_a_timeout_race_is_found_only_by_early_timers() -> None:
    for order in Order:
        assert outcomes(hand_over, order, early=False) == {("item",)}
        assert outcomes(hand_over, order, early=True) >= {("item",), ("too late",)}


def test_stock_asyncio_shows_it_where_a_step_is_slow() -> None:
    """No loop of ours: a step that takes longer than the timeout, and it happens."""
    log: list[str] = []

    async def main() -> None:
        queue: asyncio.Queue[str] = asyncio.Queue()

        async def producer() -> None:
            for _ in range(3):
                time.sleep(0.05)  # noqa: ASYNC251  # the slow step
                await asyncio.sleep(0)
            queue.put_nowait("item")

        task = asyncio.ensure_future(producer())
        try:
            log.append(await asyncio.wait_for(queue.get(), 0.01))
        except TimeoutError:
            log.append("too late")
        await task

    asyncio.run(main())
    assert log == ["too late"]


def random_body(seed: int) -> Body:
    """Two or three tasks that tick, sleep, wait for an event with a timeout, and set it; all of them end by themselves."""
    random = Random(seed)
    plans = [[(random.choice("tick tick sleep wait wait set".split()), random.randint(1, 3)) for _ in range(3)] for _ in range(2)]
    plans.append([("tick", 1), ("set", 1)])

    def body(log: Callable[[str], None]) -> list[Any]:
        event = asyncio.Event()

        async def task(number: int) -> None:
            for at, (what, delay) in enumerate(plans[number]):
                match what:
                    case "tick":
                        await asyncio.sleep(0)
                    case "sleep":
                        await asyncio.sleep(delay)
                    case "set":
                        event.set()
                    case "wait":
                        try:
                            await asyncio.wait_for(event.wait(), delay)
                            event.clear()
                        except TimeoutError:
                            log(f"{number}.{at} too late")
                log(f"{number}.{at}")

        return [task(number) for number in range(len(plans))]

    return body


@pytest.mark.parametrize("seed", range(10))
def test_fifo_with_early_timers_equals_stock_asyncio_with_slow_steps(seed: int) -> None:
    body = random_body(seed)
    assert outcomes(body, Order.FIFO, early=True) == stock_outcomes(body)


def test_one_fifo_schedule_does_not_show_all_of_stock_asyncio_with_slow_steps() -> None:
    assert any(outcomes(random_body(seed), Order.FIFO, early=False) < stock_outcomes(random_body(seed)) for seed in range(10))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(0, 2**32))
def test_timers_keep_their_mutual_order_however_early(deadlines: list[int], seed: int) -> None:
    loop = loop_for(Order.FIFO)
    rung: list[int] = []

    async def busy() -> None:
        for _ in range(4):
            await asyncio.sleep(0)

    with loop.entered():
        for at, deadline in enumerate(deadlines):
            loop.call_at(deadline, rung.append, at)
        loop.create_task(busy())
        walk = RandomWalk(Random(seed))
        run(loop, Order.FIFO, walk.begin(LoopCandidates(loop, Order.FIFO)), None)
    assert rung == sorted(range(len(deadlines)), key=lambda at: deadlines[at])


@pytest.mark.parametrize("order", Order)
def test_a_timer_name_says_whether_a_step_was_slow_and_replays(order: Order) -> None:
    for seed in range(30):
        loop, log = loop_for(order), list[str]()
        ready: list[bool] = []
        with loop.entered():
            for at, coroutine in enumerate(random_body(seed)(log.append)):
                loop.create_task(coroutine, name=f"t{at}")
            recorder = Recorder(LoopCandidates(loop, order), RandomWalk(Random(seed)).begin(LoopCandidates(loop, order)))

            def look(n: int, loop: ControlledLoop = loop, recorder: Recorder = recorder, ready: list[bool] = ready) -> int:
                ready.append(bool(loop.ready))
                return recorder(n)

            run(loop, order, look, None, every_choice=True)
            loop.abandon()
        assert all(ready[at] is (name == EARLY) for at, name in enumerate(recorder.names) if name in (EARLY, TIMER))
        again, replayed = loop_for(order), list[str]()
        with again.entered():
            for at, coroutine in enumerate(random_body(seed)(replayed.append)):
                again.create_task(coroutine, name=f"t{at}")
            run(again, order, Follower(LoopCandidates(again, order), recorder.names), None, every_choice=True)
            again.abandon()
        assert replayed == log


@pytest.mark.parametrize("order", Order)
def test_happen_offers_the_same_candidates_as_run(order: Order) -> None:
    """`happen` keeps the same account of batches as `run`."""
    for seed in range(20):
        loop = loop_for(order)
        with loop.entered():
            for at, coroutine in enumerate(random_body(seed)(lambda _: None)):
                loop.create_task(coroutine, name=f"t{at}")
            recorder = Recorder(LoopCandidates(loop, order), RandomWalk(Random(seed)).begin(LoopCandidates(loop, order)))
            offered: list[list[str]] = []

            def look(n: int, loop: ControlledLoop = loop, recorder: Recorder = recorder, offered: list[list[str]] = offered) -> int:
                offered.append(LoopCandidates(loop, order).names())
                assert len(offered[-1]) == n
                return recorder(n)

            run(loop, order, look, None, every_choice=True)
        again = loop_for(order)
        with again.entered():
            for at, coroutine in enumerate(random_body(seed)(lambda _: None)):
                again.create_task(coroutine, name=f"t{at}")
            for expected, name in zip(offered, recorder.names, strict=True):
                assert LoopCandidates(again, order).names() == expected
                happen(again, order, expected.index(name))


def test_a_cancelled_handle_does_not_hide_the_end_of_its_batch() -> None:
    """The last of a batch is cancelled by the one before it: the batch ends there, and the timer may come next."""
    loop = loop_for(Order.FIFO)
    with loop.entered():
        handles: list[Any] = []
        loop.call_later(1, print)
        loop.call_soon(lambda: (handles[0].cancel(), loop.call_soon(print)))
        handles.append(loop.call_soon(print))
        offered: list[bool] = []

        def look(_: int) -> int:
            offered.append(EARLY in LoopCandidates(loop, Order.FIFO).names())
            return 0

        run(loop, Order.FIFO, look, None, every_choice=True)
    assert offered[:2] == [True, True]


@pytest.mark.parametrize("make", [RandomWalk, Pos, Urw, Surw, Feedback, lambda random: Pct(random, 3)])
@pytest.mark.parametrize("order", Order)
def test_sampled_runs_see_no_or_few_early_timers(order: Order, make: Callable[[Random], Strategy]) -> None:
    strategy, early = make(Random(1)), list[int]()
    for _ in range(100):
        loop = loop_for(order)
        with loop.entered():
            choose = strategy.begin(LoopCandidates(loop, order))
            assert choose is not None
            for at, coroutine in enumerate(random_body(1)(lambda _: None)):
                loop.create_task(coroutine, name=f"t{at}")
            recorder = Recorder(LoopCandidates(loop, order), choose)
            _, choices, steps = run(loop, order, recorder, None, every_choice=True)
            loop.abandon()
        strategy.end(choices, steps)
        early.append(recorder.names.count(EARLY))
    assert max(early) <= 2
    assert 10 <= early.count(0) <= 90


@pytest.mark.parametrize("seed", range(10))
def test_the_search_of_states_keeps_all_outcomes_with_early_timers(seed: int) -> None:
    search = StateSearch()
    assert outcomes(random_body(seed), Order.FIFO, early=True, strategy=search) == outcomes(random_body(seed), Order.FIFO, early=True)
    assert search.indigestible is None


def test_without_early_timers_nothing_changes() -> None:
    loop = loop_for(Order.FIFO, early_timers=False)
    with loop.entered():
        loop.call_later(1, print)
        loop.call_soon(print)
        assert LoopCandidates(loop, Order.FIFO).names() == ["print"]
        assert run(loop, Order.FIFO, fixed([1, 1, 1]), None)[1] == []
