"""The state search reaches the outcomes of brute force and counts the same number of schedules."""

import sys
from collections import Counter
from collections.abc import Callable, Hashable
from random import Random

import pytest

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.state_search.search import StateSearch
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.stateful_tests.specimens.exhaustive import Exhaustive
from subwarden.stateful_tests.specimens.races import random_programs
from subwarden.stateful_tests.specimens.races.catalogue import races
from subwarden.stateful_tests.specimens.races.race import Race, attempt, may_cancel, tick
from subwarden.stateful_tests.tests.scheduling.state_search.brute_force import Box, same_as_brute_force


@pytest.mark.parametrize("order", list(Order))
def test_random_programs_have_the_outcomes_and_the_number_of_schedules_of_brute_force(order: Order) -> None:
    random = Random(17)
    compared = 0
    for _ in range(36):
        program = random_programs.random_program(random, random.choice((2, 2, 3)), random.randrange(3, 8))
        cancel = random.random() < 0.3

        def start(loop: ControlledLoop, program: random_programs.Program = program, cancel: bool = cancel) -> Callable[[], Hashable]:
            outcome = random_programs.start(loop, program)
            if cancel:
                may_cancel(loop, loop.tasks[-1])
            return outcome

        compared += same_as_brute_force(start, order, suspend=random.random() < 0.5)
    assert compared >= 24, "too few were small enough to mean anything"


def _all_of(program: Race, strategy: Strategy, order: Order, fixed: bool) -> Counter[str | None] | None:
    found: Counter[str | None] = Counter()
    for _ in range(200):
        made = attempt(program.start, strategy, order, fixed=fixed)
        if made is None:
            return found
        if not made.redundant:
            found[made.wrong] += 1
    return None


@pytest.mark.parametrize("order", list(Order))
def test_race_programs_fail_as_brute_force_says(order: Order) -> None:
    compared = 0
    for program in races():
        for fixed in (False, True):
            brute = _all_of(program, Exhaustive(), order, fixed)
            if brute is None:
                continue
            search = StateSearch()
            found = _all_of(program, search, order, fixed)
            assert search.indigestible is None, program.name
            assert found is not None, program.name
            assert found.keys() == brute.keys(), program.name
            assert search.schedules == brute.total(), program.name
            compared += 1
    assert compared >= 30


def test_an_exception_being_handled_is_part_of_the_state() -> None:
    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        box = Box()

        async def raises() -> None:
            try:
                raise ValueError(box.x)
            except ValueError:
                await tick()
                box.said.append(str(sys.exc_info()[1]))

        async def put() -> None:
            box.x = 1
            await tick()
            box.x = 0

        loop.create_task(raises(), name="raises")
        loop.create_task(put(), name="put")
        return lambda: tuple(box.said)

    assert same_as_brute_force(start, Order.ANY)
