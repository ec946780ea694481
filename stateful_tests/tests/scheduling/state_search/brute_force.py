"""Outcomes of a program under a strategy, and the comparison of the state search with brute force."""

from collections import Counter
from collections.abc import Callable, Hashable

from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run
from subwarden.scheduling.state_search.search import StateSearch
from subwarden.scheduling.strategies.strategy import Redundant, Strategy
from subwarden.stateful_tests.specimens.exhaustive import Exhaustive

Start = Callable[[ControlledLoop], Callable[[], Hashable]]
LIMIT = 600


def outcomes(
    strategy: Strategy, start: Start, order: Order = Order.ANY, *, suspend: bool = False, limit: int = LIMIT
) -> Counter[Hashable] | None:
    """How many runs the strategy made to each outcome; None if it needs more than `limit`."""
    found: Counter[Hashable] = Counter()
    with controlled_locks():
        for _ in range(limit):
            loop = ControlledLoop(suspend_free_locks=suspend)
            with loop.entered():
                choose = strategy.begin(LoopCandidates(loop, order))
                if choose is None:
                    return found
                outcome = start(loop)
                if loop.observer is None:
                    loop.observer = outcome
                stepped = getattr(loop.observer, "stepped", None)
                try:
                    _, choices, steps = run(loop, order, choose, stepped, every_choice=strategy.every_choice, limit=200)
                except Redundant:
                    strategy.end([], 0)
                else:
                    strategy.end(choices, steps)
                    found[outcome()] += 1
                loop.abandon()
    return None


def same_as_brute_force(start: Start, order: Order, *, suspend: bool = False, limit: int = LIMIT) -> bool:
    """Compare the two searches; False if brute force needs more than `limit` runs."""
    brute = outcomes(Exhaustive(), start, order, suspend=suspend, limit=limit)
    if brute is None:
        return False
    search = StateSearch()
    found = outcomes(search, start, order, suspend=suspend, limit=limit)
    assert search.complete
    assert search.indigestible is None
    assert found is not None
    assert found.keys() == brute.keys()
    assert search.schedules == brute.total()
    assert search.runs <= brute.total() + 1
    return True


class Box:
    """The state that tasks share."""

    def __init__(self) -> None:
        self.x = 0
        self.said: list[object] = []
