"""The record of a hunt: what it did, found and covered, as plain data. Every report is made from it, and nothing else."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.verdict import Verdict
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.good_turing import ERROR, Seen
from subwarden.stateful_tests.exploring.coverage.record import coverage_record
from subwarden.stateful_tests.hunt.folder import Folder
from subwarden.stateful_tests.hunt.hunt import Plan
from subwarden.stateful_tests.hunt.work import DRAWN, Kept, Totals, Work
from subwarden.stateful_tests.runs.record import adapter_record, findings_record
from subwarden.stateful_tests.subjects.loading import load

SCHEMA = "subwarden/hunt/1"


def hunt_record(
    plan: Plan, folder: Folder, totals: Totals, findings: Mapping[Cause, Kept], why: str, schedules: int, seconds: float
) -> dict[str, Any]:
    """The record; `schedules` and `seconds` are those of this session, all else is of all sessions."""
    whole = totals.whole
    best = sorted((kept.finding for kept in findings.values()), key=lambda finding: (finding.rank(), finding.id))
    told, doubts = findings_record(plan.subject, best)
    coverage = {check.name: _coverage(check, totals, plan.subject) for check in plan.checks}
    never = never_fired(plan.checks, coverage)
    return {
        "schema": SCHEMA,
        "subject": plan.subject,
        "verdict": verdict(plan.checks, totals, told, [*doubts, *never], why).value,
        "ended": why,
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
            {"name": name, "runs": pay.runs, "new": None if name == DRAWN else pay.new, "causes": pay.causes}
            for name, pay in sorted(whole.strategies.items(), key=lambda item: (-item[1].new / max(item[1].runs, 1), item[0]))
        ],
        "findings": [{**said, "shrunk": findings[cause].shrunk, "strategy": findings[cause].strategy} for cause, said in told.items()],
        "coverage": coverage,
        "never_fired": never,
        "outcomes": {**_outcomes(totals), "relative_error": ERROR},
        "lost": totals.lost,
        "doubts": [*whole.doubts, *doubts],
        **adapter_record(plan.checks, load(plan.subject, plan.checks[0].level)),
    }


def never_fired(checks: Sequence[Check], coverage: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What no check showed of all that some check can: a pass without it is vacuous, as for the gate.

    Nothing for a hunt that is kept to one order: some of it takes the other, and whoever asks for less is not told that it is too little.
    """
    if {check.order for check in checks} != set(Order):
        return []
    expected, fired = (set[str]().union(*(of[key] for of in coverage.values())) for key in ("never_fired", "fired"))
    return sorted(expected - fired)


def verdict(checks: Sequence[Check], totals: Totals, told: Collection[Cause], doubts: Sequence[str], why: str) -> Verdict:
    """Nothing found is something only if something ran for each of `checks`, to its end, and did the same when it was made again.

    `told`: the findings that stand when they are told; `doubts`: of the others, and of what was never tried.
    """
    if told:
        return Verdict.VIOLATED
    whole = totals.whole
    ran = all(totals.work.get(check.name, Work()).schedules for check in checks)
    return (
        Verdict.INCONCLUSIVE
        if not whole.schedules or not ran or whole.doubts or doubts or why in ("no workers", "all lost")
        else Verdict.HOLDS
    )


def _coverage(check: Check, totals: Totals, subject: str) -> dict[str, Any]:
    """What the runs of one check have covered, what they have not, and what they were complete about."""
    work = totals.work.get(check.name, Work())
    seen = totals.ends.get(check.name, Seen())
    return {
        "programs": work.programs,
        "schedules": work.schedules,
        **coverage_record(check, load(subject, check.level), work.fired, work.closely, seen, work.complete),
        "not_searched": [
            {"why": why, "variants": variants} for why, variants in sorted(work.indigestible.items(), key=lambda item: (-item[1], item[0]))
        ],
        "unseen_of_programs": work.once / work.tallied if work.tallied else None,
    }


def _outcomes(totals: Totals) -> dict[str, Any]:
    return {
        "distinct": totals.distinct(),
        "seen_once": sum(seen.seen_once for seen in totals.ends.values()),
        "unseen": totals.unseen(),
        "exact": all(seen.exact for seen in totals.ends.values()),
    }
