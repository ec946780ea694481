"""Explores a scenario in the orders that are wanted, the weakest first, and makes the record of it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from subwarden.checking.scenario.failure import Failure, FailureKind
from subwarden.checking.verdict import Verdict, worst
from subwarden.reports.records.exploration import (
    EXPLORE_SCHEMA,
    ExplorationRecord,
    ScenarioCheckRecord,
    ScenarioFindingRecord,
    ScenarioKillingRecord,
)
from subwarden.scheduling.isolation.memory import MEMORY
from subwarden.scheduling.order import EARLY, Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.string_hash import current
from subwarden.stateful_tests.explore.code import Coded, coded_run, encode
from subwarden.stateful_tests.explore.searching.crew import MOST_DEATHS, Crew, Take
from subwarden.stateful_tests.explore.searching.minimal import FAULTS, Run, patience
from subwarden.stateful_tests.explore.searching.portions import Done
from subwarden.stateful_tests.explore.searching.progress import SILENT, Explored, Finding, Progress, SearchListener
from subwarden.stateful_tests.explore.searching.search import Search
from subwarden.stateful_tests.exploring.budget import UNLIMITED, Budget, lasting
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.runs.killing import dying
from subwarden.stateful_tests.subjects.scenario.narrate import Narration
from subwarden.stateful_tests.subjects.scenario.play import Result, Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import Scenario, load_scenario
from subwarden.stateful_tests.workers.crash import Death
from subwarden.world.escapes import Escapes

JOBS = ("+executor runs ", "+worker runs ")  # outside events of `world.jobs`
RESTLESS_ROWS = 12
BEFORE = 0.25  # the part of a budget that may go into seeing whether the scenario ends its process
LEAST = 10  # end states in the sample, so that it says anything
SCHEDULES = 1_000  # of each order, where neither their number nor a budget is given


@dataclass(frozen=True, slots=True)
class Plan:
    """What to explore. `orders`: weakest first. `schedules` of each order, None: as many as the budget allows. `leave`: names of tasks that
    may be left behind. `first`: runs to try before anything else. `paced`: the scenario is a test that was written for stock asyncio: it
    sets the pace, and no step is slow.
    """

    orders: tuple[Order, ...] = (Order.FIFO, Order.ANY)
    cancel: bool = False
    schedules: int | None = SCHEDULES
    seed: int = 0
    leave: frozenset[str] = frozenset()
    first: tuple[Coded, ...] = ()
    paced: bool = False

    def rules(self, order: Order) -> Rules:
        """The rules of its runs in this order."""
        return Rules(order, slow_steps=not self.paced, cancel=self.cancel, paced=self.paced)


class ExplorationNews(Protocol):
    """Is told how an exploration goes."""

    def ran(self, schedules: int) -> None:
        """So many more schedules were run."""

    def shrinks(self, failure: Failure) -> None:
        """A failure was found, and is being made small. Called again and again meanwhile."""

    def found(self, finding: ScenarioFindingRecord) -> None:
        """A failure was found, and made small."""


class _Teller(SearchListener):
    """Passes the news of a search on, with the record of each finding."""

    def __init__(self, news: ExplorationNews, recorded: Callable[[Finding], ScenarioFindingRecord]) -> None:
        self._news, self._recorded = news, recorded

    def ran(self, schedules: int) -> None:
        self._news.ran(schedules)

    def shrinks(self, failure: Failure) -> None:
        self._news.shrinks(failure)

    def found(self, finding: Finding) -> None:
        self._news.found(self._recorded(finding))


@dataclass(slots=True)
class Exploring:
    """The outcome: the record, and the findings behind it."""

    record: ExplorationRecord
    runs: list[Run] = field(default_factory=list)


class _Shared(Exception):
    """A search has come to its portions."""


class _Nobody:
    """A crew that ends the search where the portions begin."""

    def __init__(self) -> None:
        self.lost: list[str] = []

    def do(self, take: Take, budget: Budget) -> Iterator[Done]:
        """See `Crew`. Raises _Shared."""
        raise _Shared

    def close(self) -> None:
        """See `Crew`."""


def dies_early(name: str, plan: Plan, seconds: float | None, memory: int | None, lost: list[str]) -> Death | None:
    """How the last of three processes dies that begin to explore the scenario `name` by `plan`; None: one of them comes to the portions.

    Who shares the portions makes the first runs itself, and most failures show there; so another process makes them before. `seconds`: the
    budget; `memory`: bytes, None for half of the machine's. `lost` gets a line for each other process that dies.
    """
    for number in range(MOST_DEATHS):
        last = number == MOST_DEATHS - 1
        died = dying(current() or 0, _begin, name, plan, seconds, memory, noted=last)
        if died is None or last:
            return died
        lost.append(f"a worker {died}; another begins again")
    raise AssertionError


def _begin(name: str, plan: Plan, seconds: float | None, memory: int | None) -> None:
    MEMORY.allow(memory)
    scenario, budget = load_scenario(name), lasting(None if seconds is None else BEFORE * seconds)
    for order in plan.orders:
        with suppress(_Shared):
            if explore_scenario(scenario, replace(plan, orders=(order,)), budget, crew=_Nobody()).record["findings"]:
                return


def explore_scenario(
    scenario: Scenario,
    plan: Plan,
    budget: Budget = UNLIMITED,
    news: "ExplorationNews | None" = None,
    crew: Crew | None = None,
    killed: Death | None = None,
) -> Exploring:
    """Explore `scenario` by `plan`. `crew`: who does the portions of the search; this process if it is None. `killed`: how processes die
    that begin it, which is the only finding then. Raises BadScenario.
    """
    met: dict[str, bool] = {}
    records: dict[tuple[int, bool], ScenarioFindingRecord] = {}  # by the identity of findings, which the searches keep; they may shrink

    def runner_of(rules: Rules) -> ScenarioRunner:
        return ScenarioRunner(scenario, rules, plan.leave, met)

    def recorded(finding: Finding) -> ScenarioFindingRecord:
        known = id(finding), finding.minimal
        if known not in records:
            records[known] = finding_record(runner_of, scenario, finding)
        return records[known]

    listener = SILENT if news is None else _Teller(news, recorded)
    explored = [] if killed is None else [Explored(plan.rules(_order_of(killed, plan)), killed=killed)]
    stopped = False
    with running():
        try:
            for number, order in enumerate(plan.orders if killed is None else ()):
                first = [coded for coded in plan.first if coded.rules.order is order]
                fair = budget.part(1 / (len(plan.orders) - number))  # where the weaker order has more than all time can try
                progress = Progress(runner_of, plan.rules(order), plan.schedules, fair, listener, budget)
                explored.append(progress.explored)
                Search(progress, plan.seed, first, crew).go()
                if progress.explored.findings or progress.explored.killed or progress.explored.withdrawn:
                    break  # a weaker order says it better; and what is left would make runs of the next one fail
        except KeyboardInterrupt:
            if not explored:
                raise
            stopped = True
        findings = [(finding, recorded(finding)) for each in explored for finding in each.findings]
    checks = [_check(each) for each in explored]
    doubts = [doubt for each in explored for doubt in dict.fromkeys(each.doubts)]
    verdicts = [Verdict(check["verdict"]) for check in checks]
    if not all(met.values()) or stopped:
        verdicts.append(Verdict.INCONCLUSIVE)
    record: ExplorationRecord = {
        "schema": EXPLORE_SCHEMA,
        "scenario": scenario.name,
        "seed": plan.seed,
        "hash_seed": current(),
        "verdict": worst(verdicts).value,
        "stopped": stopped,
        "checks": checks,
        "findings": [record for _, record in findings],
        "sometimes": dict(sorted(met.items())),
        "doubts": doubts,
    }
    killing = [_killing(each.rules, each.killed) for each in explored if each.killed is not None]
    if killing:
        record["killing"] = killing
    if crew is not None and crew.lost:
        record["lost"] = crew.lost
    return Exploring(record, [finding.run for finding, _ in findings])


def _order_of(died: Death, plan: Plan) -> Order:
    return plan.orders[0] if died.run is None else Order(died.run.about["order"])


def _killing(rules: Rules, died: Death) -> ScenarioKillingRecord:
    made: ScenarioKillingRecord = {"order": rules.order.value, "died": died.said}
    if died.run is not None:
        about = Rules(**{**died.run.about, "order": rules.order})
        made["replay"] = encode(coded_run(about, list(died.run.picks), died.run.names)._replace(kills=True))
    return made


def _check(explored: Explored) -> ScenarioCheckRecord:
    verdict = Verdict.VIOLATED if explored.findings or explored.killed else Verdict.INCONCLUSIVE if explored.doubts else Verdict.HOLDS
    made: ScenarioCheckRecord = {
        "order": explored.rules.order.value,
        "verdict": verdict.value,
        "schedules": explored.schedules,
        "steps": explored.steps,
        "complete_within": explored.complete_within,
        "complete": explored.complete,
        "end_states": explored.end_states.distinct,
        "unseen": explored.end_states.chance_of_new if explored.end_states.total >= LEAST else None,
        "seconds": explored.seconds,
    }
    if explored.not_told_apart is not None and not explored.complete:
        made["not_told_apart"] = explored.not_told_apart
    if explored.complete and explored.states is not None and explored.interleavings is not None:
        made |= {"states": explored.states, "interleavings": explored.interleavings}
    return made


def finding_record(runner_of: Callable[[Rules], ScenarioRunner], scenario: Scenario, finding: Finding) -> ScenarioFindingRecord:
    """The record of a finding: its minimal run is played once more, and told."""
    run = finding.run
    escapes = Escapes()
    with patience(finding.failure), escapes.seen():
        told = narrate(runner_of(run.rules), run.choices, finding.failure)[0]
    dates = [f"the real date was read, which does not go on in a run: {', '.join(escapes.dates())}"] if escapes.dates() else []
    record: ScenarioFindingRecord = {
        "kind": finding.failure.kind.value,
        "title": told.title,
        "evidence": [*told.evidence, *dates],
        "order": run.rules.order.value,
        "fault": any(name.startswith(FAULTS) for name in run.names),
        "slow_step": EARLY in run.names,
        "outside": told.outside,
        "found": finding.found,
        "deviations": run.deviations,
        "moved": sorted(told.moved),
        "values": [each.name for each in run.happened if each.is_value],
        "minimal": finding.minimal,
        "virtual_seconds": told.ended_at,
        "steps": told.rows,
        **({"arguments": True} if scenario.arguments else {}),  # type: ignore[typeddict-item]  # mypy: not of a conditional
        "replay": encode(coded_run(run.rules, run.choices, run.names)),
        "script": None,  # made where it is asked for (`explore.script`)
        "script_confirmed": None,
        "script_doubt": None,
    }
    if told.at is not None:
        record["at"] = told.at
    if told.root is not None:
        record["root"] = told.root
    outside = [name for name in run.names if name.startswith("+") and not name.startswith(FAULTS)]
    if told.outside and outside and all(name.startswith(JOBS) for name in outside):
        record["jobs"] = True
    if record["slow_step"]:
        record["slowest"] = told.slowest
    if printed := told.printed:
        record["printed"] = printed
    return record


def narrate(runner: ScenarioRunner, choices: Sequence[int], failure: Failure) -> tuple[Narration, Result]:
    """Play these choices once, and tell the run. Of one that does not come to rest, the beginning tells enough."""
    told = Narration(impatient=failure.kind is FailureKind.BLOCKED)
    if failure.kind is FailureKind.RESTLESS:
        runner.limit = RESTLESS_ROWS
    with told.listening():
        result = runner.run(told.choosing(fixed(choices)), every_choice=True, listener=told)
    return told, result
