"""The search names states that it cannot digest and programs that need not end; it prunes nothing it is unsure of."""

import threading
from collections.abc import Callable, Hashable
from typing import Any

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.state_search.search import StateSearch
from subwarden.stateful_tests.specimens.exhaustive import Exhaustive
from subwarden.stateful_tests.specimens.races.race import tick
from subwarden.stateful_tests.tests.scheduling.state_search.brute_force import Box, outcomes


def test_an_indigestible_object_is_named_and_nothing_is_pruned() -> None:
    class Guarded:
        def __init__(self) -> None:
            self.guard = threading.Lock()

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        guarded, said = Guarded(), list[int]()

        async def task(number: int) -> None:
            await tick()
            with guarded.guard:
                said.append(number)

        for number in range(3):
            loop.create_task(task(number))
        return lambda: tuple(said)

    search = StateSearch()
    found = outcomes(search, start)
    assert search.indigestible is not None
    assert "_thread.lock, in a " in search.indigestible
    assert "Guarded" in search.indigestible
    assert found == outcomes(Exhaustive(), start)
    assert (search.complete, search.redundant, search.states) == (True, 0, 0)


def test_a_program_with_async_generators_is_searched_by_its_states() -> None:
    """Suspended at a `yield`, or in the middle of being asked for the next value."""

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        said = list[str]()

        async def numbers(name: str) -> Any:
            for number in range(2):
                await tick()
                yield number
                said.append(name)

        async def task(name: str) -> None:
            async for number in numbers(name):
                await tick()
                said.append(f"{name}{number}")

        loop.create_task(task("a"), name="a")
        loop.create_task(task("b"), name="b")
        return lambda: tuple(said)

    search = StateSearch()
    found = outcomes(search, start)
    assert search.indigestible is None
    every = outcomes(Exhaustive(), start)
    assert found is not None
    assert every is not None
    assert set(found) == set(every)
    assert search.redundant


def test_a_value_that_is_not_yet_asked_for_cannot_be_digested() -> None:
    """Nothing tells it from one that has been had."""

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        async def numbers() -> Any:
            yield 1

        async def task() -> None:
            generator = numbers()
            asked: Any = anext(generator)
            try:
                await tick()
                await asked
            finally:
                asked.close()  # Python 3.13 complains of one that nobody has asked for

        loop.create_task(task(), name="a")
        loop.create_task(task(), name="b")
        return lambda: None

    search = StateSearch()
    outcomes(search, start)
    assert search.indigestible is not None
    assert search.indigestible.startswith("a async_generator_asend")


def test_an_endless_program_has_no_number_of_schedules() -> None:
    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        box = Box()

        async def spin() -> None:
            while not box.x:
                await tick()

        async def stop() -> None:
            await tick()
            box.x = 1

        loop.create_task(spin(), name="spin")
        loop.create_task(stop(), name="stop")
        return lambda: box.x

    search = StateSearch()
    found = outcomes(search, start)
    assert found is not None
    assert found.keys() == {1}
    assert (search.complete, search.endless, search.schedules) == (True, True, None)


def test_a_state_that_differs_between_runs_is_reported_and_nothing_is_pruned() -> None:
    """As where a random number is a name, and decides nothing."""
    runs = iter(range(100))

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        box = Box()
        box.x = next(runs)

        async def task() -> None:
            await tick()
            box.said.append(len(box.said))

        for name in "ab":
            loop.create_task(task(), name=name)
        return lambda: tuple(box.said)

    search = StateSearch()
    found = outcomes(search, start)
    assert search.complete
    assert search.indigestible is not None
    assert search.indigestible.startswith("something that differs from run to run")
    assert found is not None
    assert found == {(0, 1): 7}  # the first run, and all six of them once more
    assert search.schedules == 6


FILLED: set[str] = set()


def _fill(name: str) -> None:
    try:
        if name not in FILLED:
            raise KeyError(name)
    except KeyError:
        FILLED.add(name)


def test_a_caught_exception_is_no_part_of_the_state() -> None:
    """As in a cache that only the first run fills: it is no part of the state, though the interpreter keeps a place for it."""
    FILLED.clear()

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        said: list[str] = []

        async def task(name: str) -> None:
            _fill(name)
            await tick()
            said.append(name)
            await tick()

        for name in "abc":
            loop.create_task(task(name), name=name)
        return lambda: tuple(said)

    search = StateSearch()
    found = outcomes(search, start)
    assert search.complete
    assert found is not None
    assert len(found) == 6
