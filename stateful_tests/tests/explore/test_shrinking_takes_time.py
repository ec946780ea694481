"""While a failure of a scenario is made smaller: how much of a budget that may take, what is told, and that Ctrl-C loses nothing."""

import asyncio
import signal
from collections.abc import Iterator

import pytest

import subwarden
from subwarden.checking.scenario.failure import Failure
from subwarden.reports.records.exploration import ScenarioFindingRecord
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.explore.exploration import Plan, explore_scenario
from subwarden.stateful_tests.explore.searching import progress
from subwarden.stateful_tests.explore.searching.minimal import BudgetSpent, Minimizer, Run
from subwarden.stateful_tests.exploring.budget import UNLIMITED, Budget, lasting
from subwarden.stateful_tests.subjects.scenario.scenario import scenario_of


async def expires() -> None:
    """What is kept for a quarter of a second is gone, if a step takes that long."""
    kept = {"key"}
    asyncio.get_running_loop().call_later(0.25, kept.clear)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert kept


async def lost_update() -> None:
    total = 0

    async def add() -> None:
        nonlocal total
        seen = total
        await asyncio.sleep(subwarden.choose([0, 1]))
        total = seen + 1

    await asyncio.gather(add(), add())
    assert total == 2


def test_a_failure_outlives_ctrl_c_while_it_is_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> Run:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError

    monkeypatch.setattr(Minimizer, "minimal", interrupted)
    found = subwarden.explore(lost_update, schedules=50, order="fifo")
    assert (found.verdict, found.record["stopped"], found.findings[0]["minimal"]) == ("violated", True, False)
    assert subwarden.replay(found.findings[0]["replay"], lost_update).verdict == "violated"


def test_it_is_told_that_a_failure_is_made_smaller() -> None:
    """It may take long."""
    told: list[str] = []

    class News:
        def ran(self, schedules: int) -> None:
            pass

        def shrinks(self, failure: Failure) -> None:
            told.append(failure.kind.name)

        def found(self, finding: ScenarioFindingRecord) -> None:
            told.append(finding["kind"])

    explore_scenario(scenario_of(expires), Plan(orders=(Order.FIFO,), schedules=50), news=News())
    assert told[0] == "RAISED"
    assert told[-1] == "the scenario raises an exception"


def test_a_part_of_a_budget_ends_before_it() -> None:
    assert UNLIMITED.part(0.5) is UNLIMITED
    whole = lasting(1_000)
    part = whole.part(0.5)
    assert 400 < part.left() <= 500 < whole.left()
    assert not part.spent()
    assert lasting(0).part(0.5).spent()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Budget]]:
    """The budgets with which findings are made smaller. The first time there is none left."""
    budgets: list[Budget] = []

    class Slow(Minimizer):
        def __init__(self, runner_of: object, failure: object, budget: Budget) -> None:
            budgets.append(budget)
            super().__init__(runner_of, failure, budget)  # type: ignore[arg-type]  # passed on

        def minimal(self, rules: object, choices: list[int]) -> Run:
            if len(budgets) == 1:
                raise BudgetSpent
            return super().minimal(rules, choices)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(progress, "Minimizer", Slow)
    yield budgets


def test_a_finding_gets_half_of_the_time_at_once_and_the_rest_at_the_end(asked: list[Budget]) -> None:
    found = subwarden.explore(lost_update, budget=100, order="fifo")
    assert [finding["minimal"] for finding in found.findings] == [True]
    first, last = asked
    assert first.left() < 55 < last.left()
    assert found.record["checks"][0]["schedules"] > 50  # the search has gone on meanwhile
