"""Completeness claims of systematic strategies against combinatorics and brute force: exact sets of outcomes, exact numbers of runs."""

import asyncio
from collections.abc import Callable, Hashable
from itertools import product
from math import factorial
from random import Random

import pytest

from subwarden.scheduling.events import Event
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run
from subwarden.scheduling.strategies.strategy import Nondeterministic, Redundant, Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.scheduling.strategies.systematic.preemption_bounded import PreemptionBounded
from subwarden.stateful_tests.specimens.exhaustive import Exhaustive
from subwarden.stateful_tests.tests.scheduling.sampling import Start, write


def runs_of(strategy: Strategy, start: Start, order: Order = Order.ANY) -> list[tuple[tuple[int, ...], Hashable]]:
    """The choices and the outcome of every run until the strategy is exhausted; runs given up have none."""
    made: list[tuple[tuple[int, ...], Hashable]] = []
    while True:
        loop = ControlledLoop()
        with loop.entered(), controlled_locks():
            choose = strategy.begin(LoopCandidates(loop, order))
            if choose is None:
                return made
            outcome = start(loop)
            try:
                _, choices, steps = run(loop, order, choose, lambda: None, every_choice=strategy.every_choice)
            except Redundant:
                strategy.end([], 0)
                loop.abandon()
                continue
            strategy.end(choices, steps)
            made.append((tuple(choices), outcome()))


def counted(*steps: int) -> Start:
    """Tasks with these numbers of steps; the outcome is the task of each step, in order."""

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        made: list[int] = []

        for number, times in enumerate(steps):
            loop.create_task(write(number, times, made), name=f"t{number}")
        return lambda: tuple(made)

    return start


def interleavings(*steps: int) -> int:
    """(n1 + n2 + ...)! / (n1! * n2! * ...)"""
    total = factorial(sum(steps))
    for n in steps:
        total //= factorial(n)
    return total


@pytest.mark.parametrize("steps", [(1, 1), (3, 2), (2, 2, 2), (4, 1, 2), (1, 1, 1, 1)])
def test_exhaustive_makes_every_interleaving_once(steps: tuple[int, ...]) -> None:
    strategy = Exhaustive()
    made = runs_of(strategy, counted(*steps))
    assert strategy.complete
    assert len(made) == len(set(made)) == len({outcome for _, outcome in made}) == interleavings(*steps)


def test_exhaustive_delivers_events_at_every_moment_and_faults_at_every_moment_or_never() -> None:
    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        made: list[str] = []

        async def task() -> None:
            for step in "ab":
                made.append(step)
                await asyncio.sleep(0)

        loop.create_task(task())
        loop.events.append(Event("e", lambda: made.append("e")))
        loop.faults.append(Event("f", lambda: made.append("f")))
        return lambda: "".join(made)

    for order in Order:
        words = {outcome for _, outcome in runs_of(Exhaustive(), start, order)}
        with_event = {"eab", "aeb", "abe"}
        with_both = {word[:at] + "f" + word[at:] for word in with_event for at in range(4)}
        # once everything has come to rest the run is over, so the fault is not last unless something follows it that leaves no mark
        assert with_event <= words <= with_event | with_both
        assert {word for word in with_both if not word.endswith("f")} <= words


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("order", list(Order))
def test_delay_bounded_makes_each_schedule_within_the_bound_once(order: Order, shuffled: bool) -> None:
    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        outcome = counted(3, 2)(loop)
        made: list[str] = []
        for name in "xy":
            loop.events.append(Event(name, lambda name=name: made.append(name)))  # type: ignore[misc]
        return lambda: (outcome(), tuple(made))

    brute = [choices for choices, _ in runs_of(Exhaustive(), start, order)]
    for bound in range(4):
        strategy = DelayBounded(bound, Random(7) if shuffled else None)
        made = [choices for choices, _ in runs_of(strategy, start, order)]
        within = {choices for choices in brute if sum(pick > 0 for pick in choices) <= bound}
        assert len(made) == len(set(made))
        assert set(made) == within
        assert strategy.complete == bound
        deviations = [sum(pick > 0 for pick in choices) for choices in made]
        assert deviations == sorted(deviations), "fewest deviations first"


def preempted(word: tuple[int, ...], steps: tuple[int, ...]) -> int:
    """The deviations in `word`, the task of each step: a task that could continue did not, or not the first followed one that ended."""
    left, at, count, queue = list(steps), None, 0, list(range(len(steps)))
    for who in word:
        due = at if at is not None and left[at] else queue[0]
        count += who != due
        left[who] -= 1
        queue.remove(who)
        queue += [who] if left[who] else []
        at = who
    return count


@pytest.mark.parametrize("steps", [(3, 2), (2, 2, 2), (3, 1, 2)])
def test_preemption_bounded_makes_each_schedule_within_the_bound_once(steps: tuple[int, ...]) -> None:
    brute: list[tuple[int, ...]] = [outcome for _, outcome in runs_of(Exhaustive(), counted(*steps))]  # type: ignore[misc]
    for bound in range(4):
        strategy = PreemptionBounded(bound)
        made: list[tuple[int, ...]] = [outcome for _, outcome in runs_of(strategy, counted(*steps))]  # type: ignore[misc]
        assert sorted(made) == sorted(word for word in brute if preempted(word, steps) <= bound)
        assert strategy.complete == bound
        preemptions = [preempted(word, steps) for word in made]
        assert preemptions == sorted(preemptions), "fewest first"


def test_without_a_preemption_each_task_runs_on_until_it_waits() -> None:
    made = runs_of(PreemptionBounded(0), counted(3, 2))
    assert [outcome for _, outcome in made] == [(0, 0, 0, 1, 1)]
    in_fifo = runs_of(PreemptionBounded(0), counted(3, 2), Order.FIFO)
    assert [outcome for _, outcome in in_fifo] == [(0, 1, 0, 1, 0)], "in fifo there is no choice among ready steps"


def test_delay_bounded_reports_everything_only_after_all_schedules() -> None:
    start = counted(2, 2)
    most = max(sum(pick > 0 for pick in choices) for choices, _ in runs_of(Exhaustive(), start))
    for bound in range(most + 2):
        strategy = DelayBounded(bound)
        made = runs_of(strategy, start)
        assert strategy.everything == (bound > most or len(made) == interleavings(2, 2))
        assert strategy.complete <= bound


def test_delay_bounded_claims_only_finished_bounds() -> None:
    start = counted(3, 3)
    deviations = [sum(pick > 0 for pick in choices) for choices, _ in runs_of(Exhaustive(), start)]
    within = [sum(n <= bound for n in deviations) for bound in range(4)]
    strategy = DelayBounded()
    for made in range(1, within[3] + 1):
        loop = ControlledLoop()
        with loop.entered():
            choose = strategy.begin(LoopCandidates(loop, Order.ANY))
            assert choose is not None
            assert strategy.complete == max((bound for bound in range(4) if within[bound] < made), default=-1)
            start(loop)
            _, choices, steps = run(loop, Order.ANY, choose, lambda: None)
            strategy.end(choices, steps)
    assert strategy.begin(LoopCandidates(ControlledLoop(), Order.ANY)) is None
    assert strategy.complete == 3


@pytest.mark.parametrize("strategy", [Exhaustive(), DelayBounded()])
def test_a_program_that_changes_between_runs_is_noticed(strategy: Strategy) -> None:
    sizes = iter((4, 4, *[1] * 50))

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        return counted(*[1] * next(sizes))(loop)

    with pytest.raises(Nondeterministic, match="not the same in every run"):
        runs_of(strategy, start)


def test_all_choices_of_two_and_three_are_made() -> None:
    made = runs_of(Exhaustive(), counted(1, 1, 1))
    assert {choices for choices, _ in made} == set(product(range(3), range(2)))
