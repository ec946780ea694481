"""The search of states beside brute force, for tests on any level."""

from collections.abc import Callable
from functools import partial
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.stateful_tests.exploring.exhaustive import ExhaustiveSearch
from subwarden.stateful_tests.exploring.runner import Result, Runner
from subwarden.stateful_tests.specimens.exhaustive import Exhaustive

BRUTE = 500  # schedules of a program that brute force may take


def causes_of(next_run: Callable[[], Result | None], most: int = BRUTE) -> tuple[set[Cause], int] | None:
    """The causes seen, and how many runs there were; None if there are too many."""
    found: set[Cause] = set()
    for made in range(most):
        result = next_run()
        if result is None:
            return found, made
        found |= result.violations.keys()
    return None


def compared(runner: Runner, program: Any) -> set[Cause] | None:
    """The causes that brute force finds, and the search, in as many schedules; None if that is too much for the former."""
    brute = causes_of(partial(runner.run_strategy, program, Exhaustive()))
    if brute is None:
        return None
    whole = ExhaustiveSearch(runner, program)
    mine = causes_of(whole.next)
    assert whole.complete
    assert whole.search.indigestible is None
    assert mine is not None
    assert mine[0] == brute[0], program
    assert whole.search.schedules == brute[1], program
    return brute[0]
