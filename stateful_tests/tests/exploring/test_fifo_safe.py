"""No fifo failure is reported of a program that is safe in fifo, and the order `any` finds its defect.

Every fifo schedule of every program of the suite is run; of the same requests in a crowd, where there are too many, some are sampled.
"""

from random import Random

import pytest

from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.sampling.pct import Pct
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.findings.investigate import investigate
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.script.run import scripted
from subwarden.stateful_tests.specimens.exhaustive import Exhaustive
from subwarden.stateful_tests.specimens.races.fifo_safe import SUITE, Safe
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

EVERY = 200_000  # schedules; more than any of the programs has
SMALL = [(safe, times) for safe in SUITE for times in (1, 2) if len(safe.tasks) * times <= 6]  # the others have too many schedules
each = pytest.mark.parametrize("safe", SUITE, ids=lambda safe: safe.name)


def failures(runner: Runner, program: ManagerProgram, strategy: Strategy, schedules: int) -> tuple[set[Cause], bool]:
    """The causes that runs of `program` showed, and whether these were all runs there are."""
    found: set[Cause] = set()
    for _ in range(schedules):
        result = runner.run_strategy(program, strategy)
        if result is None:
            return found, True
        found |= result.violations.keys()
    return found, False


def crowd(safe: Safe, times: int) -> ManagerProgram:
    """The first request, which the others need, and `times` of each of the others."""
    return ManagerProgram((safe.tasks[0], *safe.tasks[1:] * times), safe.faults)


def test_there_are_enough_of_them() -> None:
    assert len(SUITE) >= 10
    assert len({safe.name for safe in SUITE}) == len(SUITE)
    assert len({safe.factory for safe in SUITE}) >= 8


@pytest.mark.parametrize(("safe", "times"), SMALL, ids=lambda value: getattr(value, "name", str(value)))
def test_no_fifo_schedule_fails(safe: Safe, times: int) -> None:
    with running():
        assert failures(Runner(MANAGER_LEVEL, safe.factory, Order.FIFO), crowd(safe, times), Exhaustive(), EVERY) == (set(), True)


@pytest.mark.slow
@each
def test_none_fails_among_many_of_the_same_requests(safe: Safe) -> None:
    with running():
        runner = Runner(MANAGER_LEVEL, safe.factory, Order.FIFO)
        for strategy in (RandomWalk(Random(1)), Pct(Random(2), 3), DelayBounded(3, Random(3))):
            assert not failures(runner, crowd(safe, 3), strategy, 300)[0]


@each
def test_any_finds_the_defect_and_the_finding_names_the_order(safe: Safe) -> None:
    finding = found_in_any(safe)
    assert finding.order is Order.ANY
    told = {"property": "", "title": "", "mechanism": "", "tasks": []}
    made = scripted(MANAGER_LEVEL, told, safe.name, safe.factory, FailingRun(finding.order, finding.program, finding.names, finding.cause))
    assert made["script"] is None
    assert made["script_confirmed"] is None


def found_in_any(safe: Safe) -> Finding[ManagerProgram]:
    with running():
        runner, strategy = Runner(MANAGER_LEVEL, safe.factory, Order.ANY), DelayBounded(4, Random(0))
        for _ in range(20_000):
            result = runner.run_strategy(safe.program, strategy)
            assert result is not None, "it is broken in any"
            if result.violations:
                choose = fixed(result.choices)
                names = runner.record(safe.program, lambda _candidates: choose)[1]  # noqa: B023
                return investigate(runner, next(iter(result.violations)), safe.program, names)
    raise AssertionError("it is broken in any")


@each
def test_the_gate_s_own_search_in_fifo_reports_nothing(safe: Safe) -> None:
    check = Check(Order.FIFO, bool(safe.faults), MANAGER_LEVEL.name)
    with running():
        search = GateSearch(check, MANAGER_LEVEL, safe.factory, Profile("safe", 1, 200, 9, derandomized=True))
        search._drive_variant(safe.program, 200)
    assert not search.outcome.findings
    assert not search.outcome.doubts
