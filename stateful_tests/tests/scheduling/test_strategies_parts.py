"""Every part of a sampling strategy has a use: without it, some race programs take clearly more schedules.

All seeds are fixed, so a test passes always or never; with other seeds the ratios were well within the bounds, too.
"""

from collections.abc import Callable
from random import Random

import pytest

from subwarden.scheduling.strategies.sampling.feedback import Feedback
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.sampling.surw import Surw
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.stateful_tests.specimens.races.catalogue import races
from subwarden.stateful_tests.specimens.races.race import search

LIMIT = 600


def schedules(name: str, make: Callable[[Random], Strategy], seeds: int) -> int:
    """How many it takes to find the race program, over all seeds."""
    program = next(program for program in races() if program.name == name)
    return sum(search(program, make(Random(seed)), LIMIT) or LIMIT for seed in range(seeds))


def test_feedback_finds_races_faster_by_keeping_runs() -> None:
    """Two surprises in a row, in fifo: about half the schedules of a random walk, which remains if no run is kept."""
    name = "aba_on_generations"
    assert schedules(name, Feedback, 100) < 0.7 * schedules(name, RandomWalk, 100)


@pytest.mark.parametrize(("name", "ratio"), [("timer_against_completion", 0.6), ("four_turns", 0.9)])
def test_feedback_finds_races_faster_by_mutating_kept_runs(name: str, ratio: float) -> None:
    """Otherwise three runs of four repeat the first choices of a kept run, right or wrong."""
    assert schedules(name, Feedback, 200) < ratio * schedules(name, lambda random: Feedback(random, changes=0), 200)


@pytest.mark.parametrize("name", ["lost_wakeup_in_condition", "phantom_between_two_locks", "phantom_between_two_locks_in_a_crowd"])
def test_surw_finds_races_of_few_steps_by_taking_half_of_the_sites(name: str) -> None:
    assert schedules(name, Surw, 40) < 0.85 * schedules(name, lambda random: Surw(random, whole=1), 40)


def test_surw_finds_one_moment_of_a_long_run_by_taking_all_sites() -> None:
    name = "needle_at_the_end"
    assert schedules(name, Surw, 40) < 0.7 * schedules(name, lambda random: Surw(random, whole=0), 40)
