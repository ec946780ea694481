"""A variant is a program with one choice of its faults. Each is driven once, and completeness is counted in variants."""

from collections import Counter

import pytest

from subwarden.checking.causes import Cause
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.level import Program
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.hunt.search import SCHEDULES, VARIANTS, Hunter
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import load

LEVEL_NAMES = ("manager", "server")
FEW = Profile("few", examples=8, schedules=96, steps=6, derandomized=True)


class Driving(GateSearch):
    """Keeps the variants that are driven of each program, and how many runs each may take."""

    def _drive(self, program: Program, names: list[str], violations: dict[Cause, int] | None) -> None:
        self.driven: Counter[Program] = Counter()
        self.times: Counter[Program] = Counter()
        super()._drive(program, names, violations)
        assert self.driven
        assert set(self.times.values()) == {1}
        self.all = [*getattr(self, "all", []), self.driven]

    def _drive_variant(self, program: Program, schedules: int) -> None:
        self.driven[program] += schedules
        self.times[program] += 1
        super()._drive_variant(program, schedules)


@pytest.mark.parametrize("cancellation", [False, True])
@pytest.mark.parametrize("level", LEVEL_NAMES)
def test_each_variant_is_driven_once_and_counted_once(level: str, cancellation: bool) -> None:
    check = Check(Order.FIFO, cancellation, level)
    search = Driving(check, LEVELS[level], load("manager", level), FEW)
    search.round(1, FEW.examples)
    complete = search.finish().complete
    assert complete["variants"] == sum(map(len, search.all))
    assert complete["variants"] >= complete["0"] >= complete["1"] >= complete["everything"]
    assert cancellation or complete["0"]  # so few runs may be too few where a fault may come at any moment
    for driven in search.all:
        assert sum(driven.values()) <= max(FEW.schedules * LEVELS[level].share, len(driven))


class Hunting(Hunter):
    """The same of a hunt, whose variants are driven by a stub: only their shares matter here."""

    def _drive_variant(self, program: Program, schedules: int) -> None:
        self.shares = [*getattr(self, "shares", []), (program, schedules)]


@pytest.mark.parametrize("cancellation", [False, True])
@pytest.mark.parametrize("level", LEVEL_NAMES)
def test_a_hunt_drives_each_variant_once_too(level: str, cancellation: bool) -> None:
    check, factory = Check(Order.FIFO, cancellation, level), load("manager", level)
    hunter = Hunting(check, LEVELS[level], factory, lambda _: None, lambda _: None)
    hunter.round(1, 6)
    assert hunter.work.programs > 1
    assert max(Counter(program for program, _ in hunter.shares).values()) == 1
    of = Counter(program.tasks for program, _ in hunter.shares)
    assert max(of.values()) <= VARIANTS
    for tasks in of:
        assert sum(share for program, share in hunter.shares if program.tasks == tasks) <= SCHEDULES
