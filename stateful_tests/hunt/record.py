"""The record of a hunt: its work, findings and coverage, as plain data."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf
from time import monotonic
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.checking.verdict import Verdict
from subwarden.reports.records.coverage import HuntCoverageRecord
from subwarden.reports.records.finding import FindingRecord
from subwarden.reports.records.hunt import HUNT_SCHEMA, HuntRecord, OutcomesRecord
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.good_turing import ERROR, DigestCounter
from subwarden.stateful_tests.exploring.coverage.record import coverage_record
from subwarden.stateful_tests.hunt.exit_reason import ExitReason
from subwarden.stateful_tests.hunt.folder import Folder
from subwarden.stateful_tests.hunt.plan import Plan
from subwarden.stateful_tests.hunt.work import DRAWN, Kept, Totals, Work
from subwarden.stateful_tests.runs.found.one_each import one_each
from subwarden.stateful_tests.runs.record import adapter_record, findings_record
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import load


def hunt_record(
    plan: Plan,
    folder: Folder,
    totals: Totals,
    findings: Mapping[Cause, Kept],
    reason: ExitReason,
    schedules: int,
    seconds: float,
    unfit: Sequence[str] = (),
    until: float = inf,
) -> HuntRecord:
    """The record of a hunt that ended for `reason`. `schedules`, `seconds` and `unfit`, why its subject cannot be judged any more, are of
    this session, all else is of all sessions. `until`: on the clock, the time to say which findings are one, and to run scripts.
    """
    brief = reason in (ExitReason.STOPPED, ExitReason.UNWRITTEN, ExitReason.UNFIT)
    whole = totals.whole
    best = sorted((kept.finding for kept in findings.values()), key=lambda finding: (finding.rank(), finding.id))
    records, doubts = findings_record(plan.subject, best, until=-inf, keep=True)
    one = records if brief else one_each(plan.subject, best, records, budget=Budget(lambda: monotonic() >= until))
    one |= {} if brief else _with_scripts(plan.subject, [finding for finding in best if finding.cause in one], one, until)
    coverage = {check.name: _coverage(check, totals, plan.subject) for check in plan.checks}
    never = never_fired(plan.checks, coverage)
    return {
        "schema": HUNT_SCHEMA,
        "subject": plan.subject,
        "verdict": verdict(plan.checks, totals, records, [*doubts, *never], reason).value,
        "ended": reason.value,
        "folder": str(folder.path),
        "seed": plan.seed,
        "jobs": plan.jobs,
        "session": {"schedules": schedules, "seconds": round(seconds, 3)},
        "seconds": round(totals.seconds, 3),
        "programs": whole.programs,
        "schedules": whole.schedules,
        "steps": whole.steps,
        "rounds": sum(totals.rounds.values()),
        "strategies": [
            {"name": name, "runs": each.runs, "new": None if name == DRAWN else each.new, "causes": each.causes}
            for name, each in sorted(whole.strategies.items(), key=lambda item: (-item[1].new / max(item[1].runs, 1), item[0]))
        ],
        "findings": [_finding(record, findings[cause]) for cause, record in one.items()],
        "coverage": coverage,
        "never_fired": never,
        "outcomes": _outcomes(totals),
        "lost": totals.lost,
        **({"killing": totals.killing} if totals.killing else {}),  # type: ignore[typeddict-item]  # mypy: not of a conditional
        "doubts": [*whole.doubts, *doubts, *unfit],
        **adapter_record(plan.checks, load(plan.subject, plan.checks[0].level)),
    }


def _with_scripts(
    subject: str, best: Iterable[Finding[Any]], records: Mapping[Cause, FindingRecord], until: float
) -> dict[Cause, FindingRecord]:
    """The records that a script belongs to, with the scripts that there is time for: that of the best evidence always. A finding that
    cannot be played again keeps its record.
    """
    theirs = [finding for finding in best if finding.order is Order.FIFO]
    more: dict[Cause, FindingRecord] = {}
    for some, end in (theirs[:1], inf), (theirs[1:], until):
        if some and monotonic() < end:
            more |= findings_record(subject, some, until=end, keep=True)[0]
    return {cause: {**records[cause], **record} for cause, record in more.items() if record["steps"]}


def never_fired(checks: Sequence[Check], coverage: Mapping[str, HuntCoverageRecord]) -> list[str]:
    """The points of coverage that no check covered, of those that some check can: a pass without them is vacuous, as for the gate.

    None for a hunt that is kept to one order: some points take the other order, and its user has asked for less.
    """
    if {check.order for check in checks} != set(Order):
        return []
    expected = set[str]().union(*(of["never_fired"] for of in coverage.values()))
    fired = set[str]().union(*(of["fired"] for of in coverage.values()))
    return sorted(expected - fired)


def verdict(checks: Sequence[Check], totals: Totals, confirmed: Collection[Cause], doubts: Sequence[str], reason: ExitReason) -> Verdict:
    """The verdict: a hunt without findings holds only if schedules ran for each of `checks`, to their end, and repeated themselves.

    `confirmed`: the causes of the findings that still showed when they were recorded; `doubts`: about other findings, and the points of
    coverage that were never reached.
    """
    if confirmed or totals.killing:
        return Verdict.VIOLATED
    whole = totals.whole
    ran = all(totals.work.get(check.name, Work()).schedules for check in checks)
    return Verdict.INCONCLUSIVE if not whole.schedules or not ran or whole.doubts or doubts or not reason.searched else Verdict.HOLDS


def _finding(record: FindingRecord, kept: Kept) -> FindingRecord:
    return {**record, "shrunk": kept.shrunk, "strategy": kept.strategy}


def _coverage(check: Check, totals: Totals, subject: str) -> HuntCoverageRecord:
    """The coverage of one check."""
    work = totals.work.get(check.name, Work())
    end_states = totals.end_states.get(check.name, DigestCounter())
    covered = coverage_record(
        check, LEVELS[check.level], load(subject, check.level), work.fired, work.closely, end_states, work.complete, work.stakes
    )
    return {
        "programs": work.programs,
        "schedules": work.schedules,
        **covered,
        "not_searched": [
            {"why": why, "variants": variants} for why, variants in sorted(work.indigestible.items(), key=lambda item: (-item[1], item[0]))
        ],
        "unseen_of_programs": work.once / work.tallied if work.tallied else None,
    }


def _outcomes(totals: Totals) -> OutcomesRecord:
    return {
        "distinct": totals.distinct(),
        "seen_once": sum(counter.seen_once for counter in totals.end_states.values()),
        "unseen": totals.chance_of_new(),
        "exact": all(counter.exact for counter in totals.end_states.values()),
        "relative_error": ERROR,
    }
