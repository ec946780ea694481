"""The portfolio keeps its budget and its shares, and the same seed makes the same runs in every process."""

import subprocess
import sys
from collections import Counter
from random import Random

import pytest

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import Choose, run
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.stateful_tests.tests.paths import ROOT
from subwarden.stateful_tests.tests.scheduling.sampling import sample, words

SAME = """
import sys
from random import Random
sys.path.insert(0, {root!r})
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.stateful_tests.specimens.races.catalogue import races
from subwarden.stateful_tests.specimens.races.race import attempt
for program in races():
    strategy = Portfolio(Random(5), 40)
    while (made := attempt(program.start, strategy, program.order)) is not None:
        print(program.name, strategy.current.name, made.choices, made.wrong)
"""


def test_the_same_seed_makes_the_same_runs_in_every_process() -> None:
    """In particular, no strategy depends on the order of a set or on an address."""
    root = str(ROOT)
    said = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SAME.format(root=root)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert said[0].count("\n") > 500


SHARES = {"surw": 4, "urw": 2, "pct 3": 2, "pct 4": 2, "delay bounded": 1, "pos": 1, "pct 2": 1, "feedback": 1}  # of fourteen runs


WITH_WINDOWS = {**{name: 2 * times for name, times in SHARES.items()}, "delay bounded": 13, "window": 26}  # of 65


WITH_OVERLAPS = {**WITH_WINDOWS, "window": 13, "overlap": 13}


@pytest.mark.parametrize(
    ("windows", "overlaps", "shares"), [(False, False, SHARES), (True, False, WITH_WINDOWS), (True, True, WITH_OVERLAPS)]
)
def test_the_portfolio_keeps_to_its_budget_and_gives_everyone_its_share(windows: bool, overlaps: bool, shares: dict[str, int]) -> None:
    runs = 4 * sum(shares.values())
    strategy = Portfolio(Random(1), runs, windows=windows, overlaps=overlaps)
    turns: Counter[str] = Counter()
    start = words(a=4, b=4, c=3)
    while True:
        loop = ControlledLoop()
        with loop.entered():
            choose: Choose | None = strategy.begin(LoopCandidates(loop, Order.ANY))
            if choose is None:
                break
            start(loop)
            _, choices, steps = run(loop, Order.ANY, choose, lambda: None, every_choice=strategy.every_choice)
            strategy.end(choices, steps)
            turns[strategy.current.name] += 1
    assert sum(turns.values()) == strategy.runs == runs
    assert {name: times / 4 for name, times in turns.items()} == shares


def test_the_portfolio_continues_without_an_exhausted_member() -> None:
    strategy = Portfolio(Random(1), 100)
    assert sum(sample(strategy, words(a=1), 100).values()) == 100
    systematic = next(member for member in strategy.members if member.name == "delay bounded")
    assert getattr(systematic, "everything", False), "a program of one schedule is soon run in full"
