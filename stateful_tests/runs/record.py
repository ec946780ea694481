"""The run record: all that a gate run did and found, as plain data. Every report is made from it, and nothing else."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from functools import cache
from typing import Any

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.checking.verdict import Verdict, worst
from subwarden.model.properties import Property
from subwarden.proving.manager.scope import Scope
from subwarden.proving.tour.graph_coverage import ModelCoverage
from subwarden.scheduling.schedule import Divergence
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.check import Check, CheckOutcome, merged
from subwarden.stateful_tests.exploring.coverage.record import coverage_record
from subwarden.stateful_tests.exploring.findings.investigate import IMPATIENT, NotReproducible, confirm
from subwarden.stateful_tests.exploring.findings.narrate import tell
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.level import Factory, FailingRun, Level, Program
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.replay import Replay, of_finding
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL

SCOPE = Scope(connections=2, threads=1, subscriptions=1, conversations=2, items=1, raw=True, in_flight=0)
SCHEMA = "subwarden/gate/1"


def gate_record(
    subject: str, profile: str, checks: Sequence[Check], outcomes: list[CheckOutcome], *, stopped: bool, factory: Factory | None = None
) -> dict[str, Any]:
    """The record of a gate run of `subject`. `stopped`: it was cut short by hand. `factory`: the subject, where it is in hand."""
    whole = merged(outcomes)
    never = sorted(whole.never_fired(checks))
    findings = sorted(whole.findings.values(), key=lambda f: (f.rank(), f.id))
    told, doubts = findings_record(subject, findings, factory)
    verdicts = [verdict(outcome, told) for outcome in outcomes if outcome.schedules]
    if never or stopped or whole.doubts or doubts:
        verdicts.append(Verdict.INCONCLUSIVE)
    return {
        "schema": SCHEMA,
        "subject": subject,
        "profile": profile,
        "verdict": worst(verdicts).value,
        "stopped": stopped,
        "checks": [
            {
                "name": outcome.name,
                "verdict": None if outcome.replays and not outcome.schedules else verdict(outcome, told).value,
                "programs": outcome.programs,
                "schedules": outcome.schedules,
                "steps": outcome.steps,
                "seconds": round(outcome.seconds, 3),
            }
            for outcome in outcomes
        ],
        "findings": list(told.values()),
        "coverage": {
            "fired": sorted(whole.fired),
            "never_fired": never,
            "model": _model_coverage(checks, outcomes),
            "checks": _by_check(subject, factory, checks, outcomes),
        },
        "doubts": [*whole.doubts, *doubts],
        **adapter_record(checks, load(subject, checks[0].level) if factory is None else factory),
    }


def adapter_record(checks: Sequence[Check], factory: Factory) -> dict[str, Any]:
    """What was not judged of an adapter, and why. Nothing for other subjects."""
    if all(check.level not in (CORE_LEVEL.name, CUSTOM_LEVEL.name) for check in checks):
        return {}
    kind = factory().kind
    return {"off": dict(sorted(kind.off.items())), "not_played": kind.not_played}


def _by_check(subject: str, factory: Factory | None, checks: Sequence[Check], outcomes: list[CheckOutcome]) -> dict[str, Any]:
    done = {outcome.name: outcome for outcome in outcomes}
    return {
        check.name: coverage_record(check, factory or load(subject, check.level), o.fired, o.closely, o.ends, o.complete)
        for check in checks
        if (o := done.get(check.name)) is not None
    }


@cache
def _graph() -> ModelCoverage:
    """The model's graph at the scope: the same for every record, and more than a second's work."""
    return ModelCoverage(SCOPE)


def _model_coverage(checks: Sequence[Check], outcomes: list[CheckOutcome]) -> dict[str, Any] | None:
    """Which transitions of level manager's reachable graph, at a small scope, the rule machines' own runs never took; None: not at level
    manager."""
    if all(check.level != MANAGER_LEVEL.name for check in checks):
        return None
    coverage = _graph()
    coverage.taken.clear()
    for state, request in set().union(*(o.transitions for o in outcomes if o.name.startswith(MANAGER_LEVEL.name))):
        coverage.took(state, request)
    missed = coverage.missed()
    kinds = Counter(transition.kind for transition in missed)
    return {
        "scope": "2 connections, 1 thread, 1 id",
        "transitions": len(coverage.transitions),
        "taken": len(coverage.taken),
        "never_taken": {kind: kinds[kind] for kind in sorted(kinds)},
        "examples": [f"{request} in {state}" for _, state, request in missed[:10]],
    }


def verdict(outcome: CheckOutcome, told: Iterable[Cause]) -> Verdict:
    """What one check comes to; `told` are the findings that stand when they are told."""
    if not outcome.findings.keys().isdisjoint(told):
        return Verdict.VIOLATED
    return Verdict.INCONCLUSIVE if outcome.findings or outcome.doubts or not outcome.schedules else Verdict.HOLDS


def findings_record(
    subject: str, findings: Iterable[Finding[Any]], factory: Factory | None = None
) -> tuple[dict[Cause, dict[str, Any]], list[str]]:
    """The records of `findings` by their causes, and doubts about those that do not show any more in the run that is kept of them.

    They were confirmed when they were made small, so a subject that does something else now has a source of chance of its own, or was
    changed in between; that must not cost the report of all the others.
    """
    told: dict[Cause, dict[str, Any]] = {}
    doubts: list[str] = []
    for finding in findings:
        make = load(subject, finding.level) if factory is None else factory
        try:
            with running(), WATCHDOG.guarded(IMPATIENT) if finding.cause == causes.BLOCKED else nullcontext():
                confirm(Runner(LEVELS[finding.level], make, finding.order), finding.cause, finding.program, list(finding.names))
            told[finding.cause] = finding_record(subject, finding, make)
        except (NotReproducible, Divergence) as error:
            doubts.append(f"{finding.id} was found, and does not show any more in the run that was kept of it ({error})")
    return told, doubts


def finding_record(subject: str, finding: Finding[Any], factory: Factory | None = None) -> dict[str, Any]:
    """One finding: what it breaks, the minimal run row by row, the line that replays it, and the script that shows it without a harness."""
    program, level = finding.program, LEVELS[finding.level]
    factory = load(subject, finding.level) if factory is None else factory
    told = {
        "level": level.name,
        "id": finding.id,
        "property": finding.broken.name,
        "title": finding.broken.title,
        "mechanism": finding.cause.mechanism,
        "order": finding.order.value,
        "cancellation": finding.cancellation,
        "operations": [level.say_operation(operation) for chain in program.tasks for operation in chain],
        "tasks": _tasks(level, program),
        "steps": tell(level, factory, finding.order, program, finding.names, finding.cause),
        "replay": of_finding(subject, finding).string(),
    }
    return {**told, **level.scripted(told, subject, factory, FailingRun(finding.order, program, finding.names, finding.cause))}


def replay_record(replay: Replay, cause: Cause, factory: Factory) -> dict[str, Any]:
    """What a report needs of a replayed run that shows `cause`."""
    level = LEVELS[replay.level]
    return {"tasks": _tasks(level, replay.program), "steps": tell(level, factory, replay.order, replay.program, replay.names, cause)}


def script_record(replay: Replay, cause: Cause) -> dict[str, Any]:
    """What `finding_record` has of the script, for a replayed run that shows `cause`."""
    level, factory = LEVELS[replay.level], load(replay.subject, replay.level)
    broken = Property.P11 if level.cancels(replay.program) else cause.property
    told = {"property": broken.name, "title": broken.title, "mechanism": cause.mechanism, "tasks": _tasks(level, replay.program)}
    return level.scripted(told, replay.subject, factory, FailingRun(replay.order, replay.program, replay.names, cause))


def _tasks(level: Level, program: Program) -> list[dict[str, Any]]:
    return [
        {"name": task_name(at), "operations": [level.say_operation(o) for o in chain], "faults": level.say_fault(program, at)}
        for at, chain in enumerate(program.tasks)
    ]
