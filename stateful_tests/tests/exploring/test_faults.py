"""Faults at every moment: a search called complete equals brute force, and defects that need one or two faults are always found."""

import asyncio
from collections.abc import Callable
from itertools import product
from random import Random

import pytest

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.events import park
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import Recorder
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.scheduling.strategies.systematic.fault_bounded import FaultBounded
from subwarden.stateful_tests.specimens.exhaustive import Exhaustive
from subwarden.stateful_tests.specimens.races.race import may_cancel, tick
from subwarden.stateful_tests.specimens.races.random_programs import random_program, start

Start = Callable[[ControlledLoop], Callable[[], object]]
Made = list[tuple[tuple[str, ...], object]]


def runs_of(strategy: Strategy, begin: Start, order: Order) -> Made:
    """The names and the outcome of every run until the strategy is exhausted."""
    made: Made = []
    while True:
        loop = ControlledLoop()
        with loop.entered(), controlled_locks():
            choose = strategy.begin(LoopCandidates(loop, order))
            if choose is None:
                return made
            outcome = begin(loop)
            recorder = Recorder(LoopCandidates(loop, order), choose)
            _, choices, steps = run(loop, order, recorder, None, every_choice=True)
            strategy.end(choices, steps)
            made.append((tuple(recorder.names), outcome()))
            loop.abandon()


def cancellable(program: list[list[tuple[str, int]]], times: int) -> Start:
    """A random program, each task of which may be cancelled so many times."""

    def begin(loop: ControlledLoop) -> Callable[[], object]:
        outcome = start(loop, program)
        for task in list(loop.tasks):
            for _ in range(times):
                may_cancel(loop, task)
        return outcome

    return begin


class Undisturbed:
    """Every run in which each choice that is no fault is the first candidate: brute force over moments and faults."""

    name = "brute force"
    every_choice = False

    def __init__(self) -> None:
        self._search = Exhaustive()

    def begin(self, candidates: Candidates) -> Callable[[int], int] | None:
        inner = self._search.begin(candidates)

        def choose(n: int) -> int:
            assert inner is not None
            faults = len(candidates.faults())
            pick = inner(1 + faults) if faults else 0
            return n - faults + pick - 1 if pick else 0

        return None if inner is None else choose

    def end(self, choices: list[int], steps: int) -> None:
        self._search.end(choices, steps)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("order", Order)
def test_single_faults_and_pairs_are_those_of_brute_force(seed: int, order: Order) -> None:
    """The same runs, so the same outcomes; each made once."""
    begin = cancellable(random_program(Random(seed), 2, 4), 1)
    brute = runs_of(Undisturbed(), begin, order)
    for bound in (0, 1, 2):
        strategy = FaultBounded(bound)
        made = runs_of(strategy, begin, order)
        assert strategy.complete == bound
        assert len({names for names, _ in made}) == len(made)
        expected = {run for run in brute if sum(name.startswith("+cancel") for name in run[0]) <= bound}
        assert set(made) == expected


def test_each_task_is_cancelled_at_every_step_where_it_waits_or_has_been_woken() -> None:
    """Counted by hand: A waits for B's two steps and is woken by the second."""

    def begin(loop: ControlledLoop) -> Callable[[], object]:
        event = asyncio.Event()

        async def waits() -> None:
            await event.wait()

        async def wakes() -> None:
            await tick()
            event.set()

        may_cancel(loop, loop.create_task(waits(), name="A"))
        loop.create_task(wakes(), name="B")
        return lambda: None

    made = [names for names, _ in runs_of(FaultBounded(1), begin, Order.FIFO)]
    struck = {names[: names.index("+cancel A")] for names in made if "+cancel A" in names}
    assert struck == {(), ("A",), ("A", "B"), ("A", "B", "B")}  # before its first step, waiting twice, woken


def test_a_given_schedule_is_followed_between_the_faults() -> None:
    begin = cancellable(random_program(Random(3), 3, 6), 1)
    for seed in range(5):
        random = Random(seed)
        loop = ControlledLoop()
        with loop.entered(), controlled_locks():
            start(loop, random_program(Random(3), 3, 6))
            recorder = Recorder(LoopCandidates(loop, Order.ANY), lambda n, random=random: random.randrange(n))  # type: ignore[misc]
            choices = run(loop, Order.ANY, recorder, None, every_choice=True)[1]
            loop.abandon()
        made = [names for names, _ in runs_of(FaultBounded(1, choices), begin, Order.ANY)]
        assert made[0] == tuple(recorder.names)
        for names in made[1:]:
            at = next(i for i, name in enumerate(names) if name.startswith("+cancel"))
            assert names[:at] == made[0][:at]


class EngineLost(Exception):
    """Raised in the caller when a reply never comes."""


def calls_out(loop: ControlledLoop) -> Callable[[], object]:
    """Two calls to the outside, one after another; the caller may be cancelled."""
    seen: list[str] = []

    async def caller() -> None:
        for number in (1, 2):
            try:
                await park(loop, f"reply {number}", may_fail=EngineLost)
                seen.append(f"{number} answered")
            except EngineLost:
                seen.append(f"{number} failed")
            except asyncio.CancelledError:
                seen.append(f"{number} cancelled")
                raise
            assert not loop.events, "one answer is all that comes"
            assert [fault.label for fault in loop.faults] == ["cancel caller"] * len(loop.faults)

    may_cancel(loop, loop.create_task(caller(), name="caller"))
    return lambda: tuple(seen)


def test_a_call_is_answered_or_fails_or_is_cancelled_never_two_of_them() -> None:
    ways = {"answered", "failed", "cancelled"}
    first = {(f"1 {way}", f"2 {then}") for way in ways - {"cancelled"} for then in ways} | {("1 cancelled",), ()}
    for order in Order:
        assert {outcome for _, outcome in runs_of(Exhaustive(), calls_out, order)} == first
        alone = {outcome for _, outcome in runs_of(FaultBounded(1), calls_out, order)}
        assert alone == {outcome for outcome in first if sum("answered" not in what for what in outcome) <= 1}


def test_a_failure_need_not_happen_and_is_offered_by_name() -> None:
    made = [names for names, _ in runs_of(FaultBounded(1), calls_out, Order.FIFO)]
    assert made[0] == ("caller", "+reply 1", "caller", "+reply 2", "caller")
    assert ("caller", "+fail reply 1", "caller", "+reply 2", "caller") in made
    assert all(names.count("+reply 1") + names.count("+fail reply 1") <= 1 for names in made)


def test_a_call_that_cannot_fail_offers_no_fault() -> None:
    loop = ControlledLoop()
    with loop.entered():
        loop.create_task(park(loop, "reply"))
        offered: list[int] = []

        def first(_: int) -> int:
            offered.append(len(loop.faults))
            return 0

        run(loop, Order.FIFO, first, None, every_choice=True)
    assert offered == [0, 0, 0]


AWAITS = 6


def leaky(first: int, second: int | None) -> Start:
    """A task of six awaits that forgets to clean up if it is cancelled at one of them and, if `second` says so, again while it ends."""

    def begin(loop: ControlledLoop) -> Callable[[], object]:
        leaked: list[bool] = []

        async def work() -> None:
            for at in range(AWAITS):
                try:
                    await tick()
                except asyncio.CancelledError:
                    if second is None:
                        leaked.extend([True] * (at == first))
                        raise
                    await _again(at)
                    raise

        async def _again(at: int) -> None:
            for later in range(AWAITS):
                try:
                    await tick()
                except asyncio.CancelledError:
                    leaked.extend([True] * ((at, later) == (first, second)))
                    raise

        task = loop.create_task(work(), name="A")
        may_cancel(loop, task)
        may_cancel(loop, task)
        loop.create_task(tick(AWAITS), name="noise")
        return lambda: bool(leaked)

    return begin


@pytest.mark.parametrize("at", range(AWAITS))
def test_a_defect_at_one_await_is_always_found_by_one_cancellation(at: int) -> None:
    for order in Order:
        assert not any(wrong for _, wrong in runs_of(FaultBounded(0), leaky(at, None), order))
        assert any(wrong for _, wrong in runs_of(FaultBounded(1), leaky(at, None), order))


@pytest.mark.parametrize(("first", "second"), list(product((0, 2, AWAITS - 1), (0, 3, AWAITS - 1))))
def test_a_defect_that_needs_two_is_always_found_by_pairs_and_never_by_one(first: int, second: int) -> None:
    for order in Order:
        assert not any(wrong for _, wrong in runs_of(FaultBounded(1), leaky(first, second), order))
        assert any(wrong for _, wrong in runs_of(FaultBounded(2), leaky(first, second), order))
