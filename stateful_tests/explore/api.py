"""The public calls for scenarios: explore one, run one once, play a failing run again."""

import io
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from subwarden.reports.layout.console import console_for
from subwarden.reports.records.exploration import ExplorationRecord, ScenarioFindingRecord
from subwarden.reports.records.finding import VerdictName
from subwarden.reports.scenario.exploration import write_exploration
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.explore.code import Coded, decode
from subwarden.stateful_tests.explore.exploration import SCHEDULES, Exploring, Plan, explore_scenario
from subwarden.stateful_tests.explore.once import follow
from subwarden.stateful_tests.exploring.budget import lasting
from subwarden.stateful_tests.subjects.scenario.scenario import Scenario, scenario_of

OrderName = Literal["fifo", "any"]


@dataclass(frozen=True, slots=True)
class Exploration:
    """The outcome of exploring a scenario. `verdict`: holds, violated or inconclusive; `record`: everything, as plain data
    (docs/scenarios/explore.md).
    """

    verdict: VerdictName
    record: ExplorationRecord

    @property
    def findings(self) -> Sequence[ScenarioFindingRecord]:
        """A record for each failure: its minimal run step by step, and the string that replays it."""
        return self.record["findings"]

    def text(self) -> str:
        """The report as the command line prints it, without times."""
        out = io.StringIO()
        write_exploration(self.record, console_for(out), timings=False)
        return out.getvalue()

    def __str__(self) -> str:
        return self.text()


class ScenarioFailed(AssertionError):
    """A scenario fails in some schedule, or the search was not enough to say; `exploration` has the rest."""

    __module__ = "subwarden"  # by which users know it

    def __init__(self, exploration: Exploration) -> None:
        super().__init__(exploration.text())
        self.exploration = exploration


def explore(
    scenario: Callable[..., Coroutine[Any, Any, Any]],
    *,
    order: OrderName | None = None,
    cancel: bool = False,
    budget: float | None = None,
    schedules: int | None = None,
    seed: int = 0,
    leave: Iterable[str] = (),
    replays: Iterable[str] = (),
) -> Exploration:
    """Run `scenario`, an `async def` without arguments, under many schedules; return what was found.

    `order`: "fifo" (what stock asyncio can do), "any" (ready tasks in any order), or both, the weaker first. `cancel`: the scenario itself
    may be cancelled, at any await. `schedules`: how many to try in each order (1,000); `budget`: search this many seconds instead. `leave`:
    names of tasks, or of their functions, that may be left behind. `replays`: runs that once failed, to be tried first.

    Raises BadScenario for a function that cannot be explored, or that opens a socket, starts a thread or the like; BadReplay.
    """
    plan = plan_of(order, cancel=cancel, budget=budget, schedules=schedules, seed=seed, leave=leave, replays=[decode(r) for r in replays])
    return exploration_of(explore_scenario(scenario_of(scenario), plan, lasting(budget)))


def plan_of(
    order: str | None = None,
    *,
    cancel: bool = False,
    budget: float | None = None,
    schedules: int | None = None,
    seed: int = 0,
    leave: Iterable[str] = (),
    replays: Sequence[Coded] = (),
) -> Plan:
    """The plan that these options ask for. Raises ValueError."""
    if order not in (None, *(each.value for each in Order)):
        raise ValueError(f"there is no order {order!r}; give 'fifo', 'any', or None for both")
    orders = tuple(Order) if order is None else (Order(order),)
    wanted = schedules if schedules is not None or budget is not None else SCHEDULES
    return Plan(orders, cancel, wanted, seed, frozenset([leave] if isinstance(leave, str) else leave), tuple(replays))


def exploration_of(exploring: Exploring) -> Exploration:
    """The public form of an outcome."""
    return Exploration(exploring.record["verdict"], exploring.record)


def replay_scenario(run: str, scenario: Callable[..., Coroutine[Any, Any, Any]] | Scenario) -> Exploration:
    """Play one failing run again. The verdict is `violated` if it still fails, else `holds`. Raises BadReplay, BadScenario."""
    made = scenario if isinstance(scenario, Scenario) else scenario_of(scenario)
    return exploration_of(follow(made, decode(run)))
