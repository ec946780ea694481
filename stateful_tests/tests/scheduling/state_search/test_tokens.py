"""Bare objects in the search of states: those that a run makes are a part of its state, and one that outlives it is refused."""

from collections.abc import Callable, Hashable

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.state_search.search import OUTLIVES, StateSearch
from subwarden.stateful_tests.specimens.races.race import tick
from subwarden.stateful_tests.tests.scheduling.state_search.brute_force import outcomes, same_as_brute_force


def tickets(loop: ControlledLoop) -> Callable[[], Hashable]:
    """Each task draws a ticket, and serves the ticket drawn last by then: its own, or another."""
    drawn: list[object] = []
    served: list[bool] = []

    async def come() -> None:
        ticket = object()
        await tick()
        drawn.append(ticket)
        await tick()
        served.append(drawn[-1] is ticket)

    for _ in range(2):
        loop.create_task(come())
    return lambda: tuple(served)


def test_bare_objects_of_a_run_are_told_apart_by_their_place() -> None:
    for order in Order:
        assert same_as_brute_force(tickets, order)


def marks() -> tuple[Callable[[int], object], Callable[[object], bool]]:
    """Two marks without a name, and the comparison that tells one from the other."""
    right, wrong = object(), object()
    return lambda which: (right, wrong)[which], lambda mark: mark is right


mark, is_right = marks()


def outliving(loop: ControlledLoop) -> Callable[[], Hashable]:
    """Two states that differ in nothing but which of the marks is held, and only code outside of the run can tell."""
    held: list[object] = []
    told: list[bool] = []

    async def hold(which: int) -> None:
        held[:] = [mark(which)]

    async def tell() -> None:
        await tick()
        await tick()
        told.append(bool(held) and is_right(held[0]))

    loop.create_task(hold(0))
    loop.create_task(hold(1))
    loop.create_task(tell())
    return lambda: tuple(told)


def test_a_mark_that_outlives_its_run_is_refused() -> None:
    search = StateSearch()
    found = outcomes(search, outliving)
    assert search.indigestible == OUTLIVES
    assert found is not None
    assert found.keys() == {(False,), (True,)}
