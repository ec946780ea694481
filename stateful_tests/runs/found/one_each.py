"""One finding a bug: of the records of findings, those that tell it best; each names the others, which showed the same in another way."""

from collections.abc import Iterable
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.reports.records.finding import AlsoRecord, FindingRecord
from subwarden.scheduling import string_hash
from subwarden.scheduling.schedule import Divergence
from subwarden.stateful_tests.exploring.budget import UNLIMITED, Budget
from subwarden.stateful_tests.exploring.findings.grouping import grouped
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import load


def one_each(
    subject: str,
    findings: Iterable[Finding[Any]],
    records: dict[Cause, FindingRecord],
    factory: Factory | None = None,
    budget: Budget = UNLIMITED,
) -> dict[Cause, FindingRecord]:
    """Of `records` of `findings` on `subject`, one for each bug, as far as `budget` allows. `factory`: makes the subject, where it is in
    hand.

    A run under another string hash than this process's cannot be followed here, so it is told by itself.
    """
    kept = {finding.cause: finding for finding in findings if finding.cause in records}
    here = [finding for finding in kept.values() if finding.hash_seed == string_hash.current()]
    if len(here) < 2:
        return records
    try:
        with running():
            about = grouped(here, LEVELS.__getitem__, lambda level: load(subject, level) if factory is None else factory, budget)
    except Divergence:  # a run that was confirmed cannot be followed any more: nothing can be said of it beside others
        return records
    others: dict[Cause, list[AlsoRecord]] = {}
    for cause, told in about.items():
        if cause != told:
            record = records[cause]
            also: AlsoRecord = {
                "id": record["id"],
                "property": record["property"],
                "title": record["title"],
                "said": record["said"],
                "detail": record["detail"],
                "replay": record["replay"],
                "short": record.get("short", ""),
            }
            others.setdefault(told, []).append(also)
    one: dict[Cause, FindingRecord] = {}
    for cause, record in records.items():
        if about.get(cause, cause) == cause:
            one[cause] = {**record, "also": sorted(others[cause], key=lambda each: each["id"])} if cause in others else record
    return one
