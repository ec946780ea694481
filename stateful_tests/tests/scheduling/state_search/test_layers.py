"""The search in layers has the states, ends and number of schedules of the search by depth, in whatever order states are expanded."""

from collections.abc import Callable, Hashable
from functools import partial
from random import Random

import pytest

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.state_search.layers import Expand, Layers, Place
from subwarden.scheduling.state_search.search import StateSearch
from subwarden.stateful_tests.specimens.races import random_programs
from subwarden.stateful_tests.specimens.races.race import tick
from subwarden.stateful_tests.tests.scheduling.state_search.brute_force import Box, Start, outcomes


def in_layers(start: Start, order: Order, *, suspend: bool = False, each: int = 3) -> tuple[Layers, dict[Hashable, int]] | str:
    """The graph, in portions of `each` places, the last first, as if so many processes shared it; or why it cannot be searched."""
    births = False
    while True:
        layers, ends = Layers(), dict[Hashable, int]()
        while True:
            portions = list(iter(partial(layers.take, each), []))
            done: dict[Place, Expand] = {}
            for portion in reversed(portions):
                strategy = Expand(portion, births=births)
                found = outcomes(strategy, start, order, suspend=suspend, limit=10**6)
                assert found is not None
                if strategy.indigestible is not None:
                    return strategy.indigestible
                births |= strategy.needs_births
                done |= dict.fromkeys(portion, strategy)
                for end, times in found.items():
                    ends[end] = ends.get(end, 0) + times
            if births and not all(strategy._births for strategy in done.values()):
                break
            for portion in portions:
                for place, found_there in zip(portion, done[portion[0]].found, strict=True):
                    layers.expanded(place, found_there)
            if layers.complete:
                return layers, ends


@pytest.mark.parametrize("order", list(Order))
def test_random_programs_have_the_counts_of_the_search_by_depth(order: Order) -> None:
    random = Random(23)
    compared = 0
    for _ in range(24):
        program = random_programs.random_program(random, random.choice((2, 3)), random.randrange(3, 7))
        suspend = random.random() < 0.5

        def start(loop: ControlledLoop, program: random_programs.Program = program) -> Callable[[], Hashable]:
            return random_programs.start(loop, program)

        search = StateSearch()
        ends = outcomes(search, start, order, suspend=suspend, limit=3_000)
        if ends is None or search.indigestible is not None or not search.states:
            continue
        found = in_layers(start, order, suspend=suspend)
        assert not isinstance(found, str), found
        layers, there = found
        assert (layers.states, layers.schedules()) == (search.states, search.schedules)
        assert there == ends, "each choice of each state is made once"
        compared += 1
    assert compared >= (15 if order is Order.ANY else 3)


def test_a_run_that_can_come_back_to_a_state_has_no_number_of_schedules() -> None:
    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        box = Box()

        async def waits() -> None:
            while not box.x:
                await tick()

        async def sets() -> None:
            box.x = 1

        loop.create_task(waits(), name="waits")
        loop.create_task(sets(), name="sets")
        return lambda: box.x

    search = StateSearch()
    outcomes(search, start, Order.ANY)
    found = in_layers(start, Order.ANY)
    assert not isinstance(found, str), found
    assert search.endless
    assert found[0].schedules() is None
    assert found[0].states == search.states
