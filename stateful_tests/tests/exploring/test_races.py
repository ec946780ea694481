"""Every race program has the depth and the order that it states, and the strategies find it; the table in docs/strategies.md rests on
that.
"""

import sys
from random import Random
from statistics import median

import pytest

from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.sampling.surw import Surw
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.specimens.exhaustive import Exhaustive
from subwarden.stateful_tests.specimens.races.catalogue import races
from subwarden.stateful_tests.specimens.races.race import MANY, Race, attempt, search
from subwarden.stateful_tests.tests.paths import DOCS

SEEDS = 20
LIMIT = 2_000
PAGE = (DOCS / "strategies.md").read_text(encoding="utf-8")
TABLE = PAGE.partition("<!-- written by benchmarks/strategies.py -->\n")[2].partition("<!-- end -->")[0]
DEEP = ("needle_at_the_end", "two_needles", "among_many", "stale_read_across_await", "aba_on_generations")

every_program = pytest.mark.parametrize("program", races(), ids=lambda program: program.name)


def cells(name: str) -> dict[str, str]:
    """The row of the program on the page, by the heads of the columns."""
    heads, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in TABLE.splitlines() if line.startswith("|"))
    return dict(zip(heads, next(row for row in rows if row[0] == f"`{name}`"), strict=True))


def failures(program: Race, strategy: Strategy, order: Order, limit: int, *, fixed: bool = False, faults: bool = True) -> list[int]:
    """The number of deviations of each failing run, until the strategy is exhausted or the limit is reached."""
    found = []
    for _ in range(limit):
        made = attempt(program.start, strategy, order, fixed=fixed, faults=faults)
        if made is None:
            break
        if made.wrong is not None:
            found.append(sum(pick > 0 for pick in made.choices))
    return found


def test_there_are_enough_of_them_and_their_names_differ() -> None:
    programs = races()
    assert len(programs) >= 25
    assert len({program.name for program in programs}) == len(programs)
    assert sum(program.order is Order.FIFO for program in programs) >= 10
    assert sum(program.cancel for program in programs) >= 4
    assert all(program.start.__doc__ for program in programs)


@every_program
def test_its_depth_is_the_least_number_of_deviations(program: Race) -> None:
    if program.depth < MANY:
        found: list[int] = []
        strategy = DelayBounded(program.depth)
        while not found and (made := attempt(program.start, strategy, program.order)) is not None:
            found = [sum(pick > 0 for pick in made.choices)] if made.wrong is not None else []
        assert found == [program.depth]
        assert strategy.complete == program.depth - 1
    else:
        assert failures(program, DelayBounded(3), program.order, 400) == []


@every_program
def test_it_fails_in_no_weaker_order_and_not_without_its_cancellation(program: Race) -> None:
    if program.order is Order.ANY:
        strategy = Exhaustive()
        assert failures(program, strategy, Order.FIFO, 500) == []
        assert strategy.complete
    if program.cancel:
        strategy = Exhaustive()
        assert failures(program, strategy, program.order, 500, faults=False) == []
        assert strategy.complete


@every_program
def test_the_repaired_twin_never_fails(program: Race) -> None:
    """In some schedules, a small program in all. `test_race_programs_proved` has the proofs of nearly all of them."""
    assert failures(program, Exhaustive(), program.order, 300, fixed=True) == []
    assert failures(program, DelayBounded(2), program.order, 300, fixed=True) == []
    assert failures(program, Portfolio(Random(1)), program.order, 300, fixed=True) == []


@every_program
def test_the_portfolio_finds_it_with_every_seed(program: Race) -> None:
    found = [schedules for seed in range(SEEDS) if (schedules := search(program, Portfolio(Random(seed)), LIMIT)) is not None]
    assert len(found) == SEEDS
    if f"CPython {sys.version_info[0]}.{sys.version_info[1]}." in TABLE:  # elsewhere asyncio may take other steps
        assert cells(program.name)["portfolio"].split()[0] == f"{median(found):g}", "write the table of docs/strategies.md anew"


@pytest.mark.parametrize("name", DEEP)
def test_surw_beats_a_random_walk_on_deep_races(name: str) -> None:
    program = next(program for program in races() if program.name == name)
    limit = 600
    walk, surw = (sum(search(program, make(Random(seed)), limit) or limit for seed in range(10)) for make in (RandomWalk, Surw))
    assert surw < walk


@pytest.mark.parametrize(("name", "most"), [("phantom_between_two_locks", 10), ("phantom_between_two_locks_in_a_crowd", 25)])
def test_the_bug_between_two_locks_is_found_within_the_bar(name: str, most: int) -> None:
    program = next(program for program in races() if program.name == name)
    found = sorted(search(program, Portfolio(Random(seed)), LIMIT) or LIMIT for seed in range(101))
    assert found[50] <= most
