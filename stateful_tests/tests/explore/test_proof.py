"""`every interleaving was covered` is true: the search of states sees all outcomes that brute force sees, also by state in globals."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from subwarden.checking.scenario.failure import Failure
from subwarden.scheduling.isolation.kept import Kept
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.explore.searching.all_states import AllStates
from subwarden.stateful_tests.explore.searching.crew import Alone, outcomes
from subwarden.stateful_tests.explore.searching.minimal import strategic
from subwarden.stateful_tests.explore.searching.progress import Progress
from subwarden.stateful_tests.exploring.budget import UNLIMITED
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.subjects.scenario.play import Result, Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import scenario_of

LOG: list[str] = []
total = 0


class Shared:
    """State on a class."""

    seen: list[str] = []  # noqa: RUF012  # that is the point


class Outcome(Exception):  # it is no error
    """Names an outcome, as the failure of a run."""


async def by_global_list() -> None:
    """The order is kept in a global list, which no frame holds."""
    LOG.clear()
    await asyncio.gather(*(_write(name) for name in "abc"))
    _end("".join(LOG))


async def by_global_name() -> None:
    """The sum is kept in a global name, which is bound anew."""
    global total  # noqa: PLW0603  # that is the point
    total = 0
    await asyncio.gather(_add(1), _add(2), _add(4))
    _end(str(total))


async def by_class() -> None:
    """The order is kept in an attribute of a class."""
    Shared.seen.clear()
    await asyncio.gather(*(_see(name) for name in "abc"))
    _end("".join(Shared.seen))


async def by_locals() -> None:
    """The order is kept in a list that the frames hold."""
    log: list[str] = []

    async def write(name: str) -> None:
        await asyncio.sleep(0)
        log.append(name)

    await asyncio.gather(write("a"), write("b"), write("c"))
    _end("".join(log))


async def _write(name: str) -> None:
    await asyncio.sleep(0)
    LOG.append(name)
    await asyncio.sleep(0)


async def _see(name: str) -> None:
    await asyncio.sleep(0)
    Shared.seen.append(name)
    await asyncio.sleep(0)


async def _add(number: int) -> None:
    global total  # noqa: PLW0603  # as above
    seen = total
    await asyncio.sleep(0)
    total = seen + number


def _end(outcome: str) -> None:
    raise OUTCOMES.setdefault(outcome, type(f"Outcome{outcome}", (Outcome,), {}))


OUTCOMES: dict[str, type[Outcome]] = {}
SCENARIOS: list[Callable[[], Coroutine[Any, Any, None]]] = [by_global_list, by_global_name, by_class, by_locals]


class _Outcomes(Progress):
    """Collects all failures, and makes nothing smaller."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.failures: set[Failure | None] = set()

    def all_states(self) -> bool:
        """Whether all states were searched."""
        return AllStates(self, partial(outcomes, None, Alone(self.runner_of), budget=UNLIMITED)).search()

    def look_at(self, result: Result, number: int | None = None) -> None:
        self.failures.add(result.failure)


@pytest.mark.slow
@pytest.mark.parametrize("most", [1_000, 20_000], ids=["by depth", "in layers"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_a_search_of_states_sees_what_brute_force_sees(scenario: Any, most: int) -> None:
    """In the order `any`, without a single sampled schedule."""
    made = scenario_of(scenario)
    rules = Rules(Order.ANY)
    with running():
        brute, runner, everything = DelayBounded(100), ScenarioRunner(made, rules), set()
        while (result := strategic(runner, brute)) is not None:
            everything.add(result.failure)
        assert brute.everything
        search = _Outcomes(lambda rules: ScenarioRunner(made, rules), rules, most, UNLIMITED)
        complete = search.all_states()
    assert len(everything) > 3
    assert search.failures == everything or not complete  # refusing to prove is allowed, a wrong proof is not
    if scenario is by_locals:
        assert complete


def test_without_the_globals_it_would_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the test above can fail."""
    monkeypatch.setattr(Kept, "changed", lambda _kept: ())
    made = scenario_of(by_global_list)
    with running():
        search = _Outcomes(lambda rules: ScenarioRunner(made, rules), Rules(Order.ANY), 20_000, UNLIMITED)
        assert search.all_states()
    assert len(search.failures) < 6
