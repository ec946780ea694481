"""Adds to the findings of a record what pictures need: each is replayed once more, with a recorder."""

from collections.abc import Iterable

from subwarden.reports.records.finding import FindingRecord, TraceRecord
from subwarden.scheduling import pinned
from subwarden.stateful_tests.runs.follow import follow
from subwarden.stateful_tests.runs.replay import BadReplay, read
from subwarden.stateful_tests.subjects.loading import load


def add_traces(findings: Iterable[FindingRecord]) -> None:
    """Put its trace into each finding. One whose run takes other steps than when it was recorded is left without."""
    for finding in findings:
        seed = read(finding["replay"]).hash_seed
        trace = traced(finding["replay"]) if seed is None else pinned.call(seed, traced, finding["replay"])
        if trace is not None and len(trace["moments"]) == len(finding["steps"]) + 1:
            finding["trace"] = trace


def traced(text: str) -> TraceRecord | None:
    """The trace of the run that the replay string `text` holds; None if it cannot be followed, or holds now."""
    replay = read(text)
    try:
        record = follow(replay, load(replay.subject, replay.level), traced=True).record
    except BadReplay:
        return None
    return record.get("trace")
