"""The record of a gate: its work, findings and coverage, as plain data."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from subwarden.checking.causes import Cause
from subwarden.checking.verdict import Verdict, worst
from subwarden.proving.manager.scope import Scope
from subwarden.proving.tour.graph_coverage import ModelCoverage
from subwarden.reports.record import GATE_SCHEMA, CoverageRecord, GateRecord, ModelCoverageRecord
from subwarden.scheduling import string_hash
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.points import texts
from subwarden.stateful_tests.exploring.coverage.record import coverage_record
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.gate.outcome import CheckOutcome, merged
from subwarden.stateful_tests.runs.record import adapter_record, findings_record
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL

SCOPE = Scope(connections=2, threads=1, subscriptions=1, conversations=2, items=1, raw=True, in_flight=0)


def gate_record(
    subject: str,
    profile: str,
    checks: Sequence[Check],
    outcomes: list[CheckOutcome],
    *,
    seed: int = 0,
    stopped: bool,
    factory: Factory | None = None,
) -> GateRecord:
    """The record of a gate run of `subject`.

    `seed`: its programs were drawn by it. `stopped`: it was cut short by hand. `factory`: makes the subject, where it is in hand.
    """
    whole = merged(outcomes)
    never = texts(whole.never_fired(checks, LEVELS))
    findings = sorted(whole.findings.values(), key=lambda f: (f.rank(), f.id))
    records, doubts = findings_record(subject, findings, factory)
    verdicts = [verdict(outcome, records) for outcome in outcomes if outcome.schedules]
    if never or stopped or whole.doubts or doubts:
        verdicts.append(Verdict.INCONCLUSIVE)
    return {
        "schema": GATE_SCHEMA,
        "subject": subject,
        "profile": profile,
        "seed": seed,
        "hash_seed": string_hash.current(),
        "verdict": worst(verdicts).value,
        "stopped": stopped,
        "checks": [
            {
                "name": outcome.name,
                "verdict": None if outcome.replays and not outcome.schedules else verdict(outcome, records).value,
                "programs": outcome.programs,
                "schedules": outcome.schedules,
                "steps": outcome.steps,
                "seconds": round(outcome.seconds, 3),
            }
            for outcome in outcomes
        ],
        "findings": list(records.values()),
        "coverage": {
            "fired": texts(whole.fired),
            "never_fired": never,
            "model": _model_coverage(checks, outcomes),
            "checks": _by_check(subject, factory, checks, outcomes),
        },
        "doubts": [*whole.doubts, *doubts],
        **adapter_record(checks, load(subject, checks[0].level) if factory is None else factory),
    }


def verdict(outcome: CheckOutcome, confirmed: Iterable[Cause]) -> Verdict:
    """The verdict of one check; `confirmed` are the causes of the findings that still showed when they were recorded."""
    if not outcome.findings.keys().isdisjoint(confirmed):
        return Verdict.VIOLATED
    return Verdict.INCONCLUSIVE if outcome.findings or outcome.doubts or not outcome.schedules else Verdict.HOLDS


def _by_check(subject: str, factory: Factory | None, checks: Sequence[Check], outcomes: list[CheckOutcome]) -> dict[str, CoverageRecord]:
    done = {outcome.name: outcome for outcome in outcomes}
    return {
        check.name: coverage_record(
            check, LEVELS[check.level], factory or load(subject, check.level), o.fired, o.closely, o.end_states, o.complete
        )
        for check in checks
        if (o := done.get(check.name)) is not None
    }


@cache
def _graph() -> ModelCoverage:
    """The model's graph at the scope: the same for every record, and more than a second's work."""
    return ModelCoverage(SCOPE)


def _model_coverage(checks: Sequence[Check], outcomes: list[CheckOutcome]) -> ModelCoverageRecord | None:
    """The transitions of level manager's reachable graph, at a small scope, that the rule machines' own runs took and never took; None
    where no check is of level manager."""
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
