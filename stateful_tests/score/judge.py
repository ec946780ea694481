"""Judges a subject with a fault, in this process: a gate's search, or an exploration of a scenario, until something is noticed."""

from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.checking.scenario.failure import FailureKind
from subwarden.checking.verdict import Verdict
from subwarden.reports.records.score import NoticedRecord
from subwarden.scheduling.uncontrolled import UncontrolledSource
from subwarden.stateful_tests.explore.exploration import Plan as ExplorePlan
from subwarden.stateful_tests.explore.exploration import explore_scenario
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.findings.investigate import confirmed, investigate
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.gate.gate import ROUNDS_A_SEED
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.runs.record import finding_record
from subwarden.stateful_tests.score.planting import planted, ran_lines
from subwarden.stateful_tests.score.task import Judged, Judging, Plan
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import blaming, load, module_of
from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario, load_scenario
from subwarden.stateful_tests.subjects.watched_load import BadSubject, watching_load
from subwarden.world.loop import WorldLoop

EACH = 100  # schedules of a program, about
FEWEST, MOST = 6, 48  # programs drawn for each check
STEPS = 9  # of a program, as in a gate
NOT_JUDGED = "cannot be judged any more"
TAKES_MEMORY = "it takes too much memory"  # how much it may take is another share for each number of processes


def judge(task: Judging, budget: Budget) -> Judged:
    """The outcome of `task`, incomplete if `budget` is spent before. Raises BadSubject, BadScenario for a subject without a fault."""
    made, plan = Judged(), task.plan
    has_fault = any(plant.edit is not None for plant in task.plants)
    with planted(task.plants):
        if has_fault and (why := _does_not_import(plan.subject)) is not None:
            made.not_loaded = why
            return made
        try:
            factory = load_scenario(plan.subject) if plan.is_scenario else load(plan.subject, plan.checks[0].level)
            with blaming(plan.subject):
                (_explore if plan.is_scenario else _search)(task, factory, made, budget, has_fault)
        except (BadSubject, BadScenario) as bad:
            if not has_fault:
                raise
            said = str(bad).removeprefix("subject ").removeprefix(f"{plan.subject}: ")
            made.noticed = unjudged(TAKES_MEMORY if _hoards(bad.__cause__ or bad.__context__) else said)
        made.ran = ran_lines()
    made.complete = made.noticed is not None or not budget.spent()
    return made


def _does_not_import(subject: str) -> str | None:
    """Why a subject cannot even be imported."""
    try:
        with watching_load(subject, WorldLoop()):
            module_of(subject.rpartition(":")[0], subject)
    except BadSubject as bad:
        return str(bad)
    return None


def _hoards(error: BaseException | None) -> bool:
    return isinstance(error, MemoryError) or (isinstance(error, UncontrolledSource) and error.name == "memory")


def unjudged(why: str) -> NoticedRecord:
    """How a fault shows that makes it impossible to judge the subject."""
    return {"property": "", "said": f"{NOT_JUDGED}: {why}", "order": "", "cancellation": False}


def _search(task: Judging, factory: Any, made: Judged, budget: Budget, has_fault: bool) -> None:
    plan = task.plan
    for check in plan.checks if task.part is None else [plan.checks[task.part]]:
        finding = _searched(plan, check, factory, made, budget, has_fault)
        if finding is not None:
            made.noticed = {
                "property": finding.broken.name,
                "said": finding.cause.said(),
                "order": finding.order.value,
                "cancellation": finding.cancellation,
            }
            if not has_fault:
                made.finding = {**finding_record(plan.subject, finding, factory), "shrunk": True}
        if finding is not None or budget.spent():
            return


def _searched(plan: Plan, check: Check, factory: Any, made: Judged, budget: Budget, has_fault: bool) -> Finding[Any] | None:
    """What one check finds first."""
    share = plan.schedules // plan.parts
    programs = min(MOST, max(FEWEST, share // EACH))
    profile = Profile("score", programs, max(1, share // programs), STEPS, derandomized=True)

    def found(runner: Runner, cause: Cause, program: Any, names: list[str]) -> Finding[Any]:
        return (confirmed if has_fault else investigate)(runner, cause, program, names)

    with running():
        search = GateSearch(check, LEVELS[check.level], factory, profile, budget, make=found, most=1)
        search.round(plan.seed * ROUNDS_A_SEED, programs)
        outcome = search.finish()
    made.schedules += outcome.schedules
    made.doubts += [doubt for doubt in outcome.doubts if doubt not in made.doubts]
    return min(outcome.findings.values(), key=lambda finding: (finding.rank(), finding.id), default=None)


def _explore(task: Judging, scenario: Any, made: Judged, budget: Budget, has_fault: bool) -> None:
    plan = task.plan
    orders = plan.orders if task.part is None else (plan.orders[task.part],)
    how = ExplorePlan(orders, schedules=max(1, plan.schedules // plan.parts), seed=plan.seed, leave=plan.leave)
    record = explore_scenario(scenario, how, budget).record
    made.schedules = sum(check["schedules"] for check in record["checks"])
    made.doubts = record["doubts"]
    if record["stopped"]:
        raise KeyboardInterrupt
    never = [name for name, held in record["sometimes"].items() if not held]
    if record["findings"]:
        first = record["findings"][0]
        blocks = first["kind"] == FailureKind.BLOCKED.value  # a clock decides at which line
        made.noticed = {"property": "", "said": first["kind" if blocks else "title"], "order": first["order"], "cancellation": how.cancel}
    elif never and not budget.spent() and record["verdict"] != Verdict.VIOLATED.value:
        made.noticed = {"property": "", "said": f"never in any schedule: {never[0]}", "order": orders[-1].value, "cancellation": False}
