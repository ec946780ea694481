"""The scheduler offers every schedule of a small program once.

The counts are compared with combinatorics, not with a second implementation.
"""

from functools import partial
from math import comb, factorial, perm

import pytest

from subwarden.scheduling.events import park
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import Choose
from subwarden.stateful_tests.tests.scheduling.enumerated import contended, every_run, independent, play, with_outside


@pytest.mark.parametrize(("tasks", "steps"), [(1, 4), (2, 1), (2, 2), (2, 3), (2, 5), (3, 1), (3, 2), (3, 3), (4, 1), (4, 2)])
def test_any_offers_every_interleaving_once(tasks: int, steps: int) -> None:
    logs = [tuple(done.log) for done in every_run(independent(tasks, steps), Order.ANY)]
    assert len(logs) == factorial(tasks * steps) // factorial(steps) ** tasks
    assert len(set(logs)) == len(logs)


@pytest.mark.parametrize(("tasks", "steps"), [(1, 1), (2, 3), (3, 2), (4, 4)])
def test_fifo_without_outside_events_has_one_run(tasks: int, steps: int) -> None:
    (only,) = every_run(independent(tasks, steps), Order.FIFO)
    assert only.choices == []
    assert only.log == [f"{name}{step}" for step in range(steps) for name in "abcd"[:tasks]]


@pytest.mark.parametrize(("events", "steps"), [(0, 3), (1, 1), (1, 4), (2, 1), (2, 3), (3, 2), (4, 1)])
def test_fifo_places_events_everywhere_in_every_order(events: int, steps: int) -> None:
    logs = [tuple(done.log) for done in every_run(with_outside(events, steps), Order.FIFO)]
    assert len(logs) == factorial(steps + events) // factorial(steps)
    assert len(set(logs)) == len(logs)
    assert all(sum(entry.startswith("event") for entry in log) == events for log in logs), "every event happens in every run"


@pytest.mark.parametrize(("faults", "steps"), [(1, 1), (1, 3), (2, 2), (3, 2)])
def test_faults_happen_or_not_but_only_while_something_moves(faults: int, steps: int) -> None:
    """Some of the faults, in some order, each before one of the steps: with f of them, perm(faults, f) * comb(f + steps - 1, f)."""
    logs = [tuple(done.log) for done in every_run(with_outside(0, steps, faults=faults), Order.FIFO)]
    assert len(logs) == sum(perm(faults, f) * comb(f + steps - 1, f) for f in range(faults + 1))
    assert len(set(logs)) == len(logs)
    assert tuple(f"a{step}" for step in range(steps)) in logs
    assert all(log[-1] == f"a{steps - 1}" for log in logs)


def test_events_that_wake_tasks_are_offered_as_they_come() -> None:
    """Two tasks, each waiting for an event of its own. By hand: +a comes after a's first step, +b after b's, and what was woken first
    runs first. +a before b's first step leaves two places for +b; after it, each event may come first, with two places for the other.
    """

    def program(loop: ControlledLoop, log: list[str]) -> None:
        async def body(name: str) -> None:
            log.append(f"{name}1")
            await park(loop, name)
            log.append(f"{name}2")

        for name in "ab":
            loop.create_task(body(name), name=name)

    runs = [" ".join(done.names) for done in every_run(program, Order.FIFO)]
    assert sorted(runs) == [
        "a +a b +b a b",
        "a +a b a +b b",
        "a b +a +b a b",
        "a b +a a +b b",
        "a b +b +a b a",
        "a b +b b +a a",
    ]


def test_fifo_offers_the_first_ready_step_and_the_outside_only() -> None:
    seen: list[list[str]] = []

    def watching(loop: ControlledLoop, *, last: bool) -> Choose:
        def choose(n: int) -> int:
            offered = LoopCandidates(loop, Order.FIFO).names()
            assert len(offered) == n
            assert len(set(offered)) == n, "a name that stands for two things cannot be followed"
            steps = [name for name in offered if not name.startswith("+") and name != "timer"]
            assert len(steps) == min(1, len(loop.ready))
            seen.append(offered)
            return n - 1 if last else 0

        return choose

    for last in (False, True):
        play(contended, Order.FIFO, partial(watching, last=last))
    assert ["a", "+cancel b"] in seen
    assert any("timer" in offered for offered in seen)


def test_any_offers_every_ready_step() -> None:
    offered: list[list[str]] = []

    def watching(loop: ControlledLoop) -> Choose:
        def choose(n: int) -> int:
            offered.append(LoopCandidates(loop, Order.ANY).names())
            assert len(offered[-1]) == n
            return 0

        return choose

    play(independent(3, 1), Order.ANY, watching)
    assert offered == [["a", "b", "c"], ["b", "c"], ["c"]]
