"""The record of a gate: its work, findings and coverage, as plain data."""

from collections import Counter
from collections.abc import Iterable, Sequence
from threading import Thread
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.checking.verdict import Verdict, worst
from subwarden.proving.manager.scope import Scope
from subwarden.proving.tour.graph_coverage import ModelCoverage
from subwarden.reports.records.coverage import CoverageRecord, ModelCoverageRecord
from subwarden.reports.records.finding import FindingRecord
from subwarden.reports.records.gate import GATE_SCHEMA, GateRecord
from subwarden.scheduling import string_hash
from subwarden.stateful_tests.exploring.budget import UNLIMITED, Budget
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.points import texts
from subwarden.stateful_tests.exploring.coverage.record import coverage_record
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.gate.outcome import CheckOutcome, merged
from subwarden.stateful_tests.gate.tasks import Told
from subwarden.stateful_tests.runs.found.one_each import one_each
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
    told: Iterable[Told] | None = None,
    doubts: Iterable[str] = (),
    left: Budget = UNLIMITED,
) -> GateRecord:
    """The record of a gate run of `subject`.

    `seed`: its programs were drawn by it. `stopped`: it was cut short by hand. `factory`: makes the subject, where it is in hand. `told`:
    the findings with their records, if there are any yet. `doubts`: beside those of the outcomes. `left`: the time to say which are one.
    """
    whole = merged(outcomes)
    never = texts(whole.never_fired(checks, LEVELS))
    told = None if told is None else list(told)
    if told is None:
        records, gone = findings_record(subject, sorted(whole.findings.values(), key=_by_rank), factory)
    else:
        records, gone = {each.finding.cause: _recorded(each) for each in sorted(told, key=lambda each: _by_rank(each.finding))}, []
    known = whole.findings.values() if told is None else [each.finding for each in told]
    one = records if stopped else one_each(subject, known, records, factory, left)
    doubted = [*whole.doubts, *doubts, *gone]
    verdicts = [verdict(outcome, records) for outcome in outcomes if outcome.schedules]
    if never or stopped or doubted:
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
        "findings": list(one.values()),
        "coverage": {
            "fired": texts(whole.fired),
            "never_fired": never,
            "model": _model_coverage(checks, outcomes, stopped),
            "checks": _by_check(subject, factory, checks, outcomes),
        },
        "doubts": doubted,
        **adapter_record(checks, load(subject, checks[0].level) if factory is None else factory),
    }


def _by_rank(finding: Finding[Any]) -> tuple[Any, str]:
    return finding.rank(), finding.id


def _recorded(told: Told) -> FindingRecord:
    return {**told.record, "shrunk": told.small}


def verdict(outcome: CheckOutcome, confirmed: Iterable[Cause]) -> Verdict:
    """The verdict of one check; `confirmed` are the causes of the findings that still showed when they were recorded."""
    if not outcome.findings.keys().isdisjoint(confirmed):
        return Verdict.VIOLATED
    return Verdict.INCONCLUSIVE if outcome.findings or outcome.doubts or not outcome.schedules else Verdict.HOLDS


def _by_check(subject: str, factory: Factory | None, checks: Sequence[Check], outcomes: list[CheckOutcome]) -> dict[str, CoverageRecord]:
    done = {outcome.name: outcome for outcome in outcomes}
    return {
        check.name: coverage_record(
            check, LEVELS[check.level], factory or load(subject, check.level), o.fired, o.closely, o.end_states, o.complete, o.stakes
        )
        for check in checks
        if (o := done.get(check.name)) is not None
    }


class _Graph:
    """The model's graph at the scope: the same for every record, and seconds of work."""

    def __init__(self) -> None:
        self._made: ModelCoverage | None = None
        self._making: Thread | None = None

    def begin(self) -> None:
        """Make it, while this process waits for others."""
        if self._made is None and self._making is None:
            self._making = Thread(target=self._make, daemon=True)
            self._making.start()

    def ready(self) -> bool:
        """Whether it can be had at once."""
        return self._made is not None

    def get(self) -> ModelCoverage:
        """The graph."""
        if self._making is not None:
            self._making.join()
        return self._made or self._make()

    def _make(self) -> ModelCoverage:
        self._made = ModelCoverage(SCOPE)
        return self._made


_GRAPH = _Graph()


def begin_model_coverage(checks: Sequence[Check]) -> None:
    """Begin what `gate_record` of these checks will need, in the background."""
    if any(check.level == MANAGER_LEVEL.name for check in checks):
        _GRAPH.begin()


def _model_coverage(checks: Sequence[Check], outcomes: list[CheckOutcome], stopped: bool) -> ModelCoverageRecord | None:
    """The transitions of level manager's reachable graph, at a small scope, that the rule machines' own runs took and never took; None
    where no check is of level manager, and for a gate that was stopped before it knew the graph."""
    if all(check.level != MANAGER_LEVEL.name for check in checks) or (stopped and not _GRAPH.ready()):
        return None
    coverage = _GRAPH.get()
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
