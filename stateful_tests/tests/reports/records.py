"""Records that the tests of pages and other forms are made from: real runs, and one with every kind of hostile text."""

from functools import cache
from typing import Any

from subwarden.cli.replay import with_script
from subwarden.reports.records.gate import GATE_SCHEMA, GateRecord
from subwarden.reports.records.replay import ReplayRecord
from subwarden.stateful_tests.runs.follow import follow
from subwarden.stateful_tests.runs.record import script_record
from subwarden.stateful_tests.runs.saved import saved_runs
from subwarden.stateful_tests.subjects.loading import load

RUNS = dict(saved_runs(committed_only=True))
PHANTOM = "source-P3-a-listener-is-put-on-a-state-that-was-torn-down"
RAW = "source-P10-a-subscription-is-seen-without-its-raw-choice"
REPLAY = "sw1-abc"  # of findings in golden files: another version of zlib may compress a run to another string
HOSTILE = (
    "</script><script>document.title='taken'</script>",
    "<!--<script>",
    "<img src=x onerror=\"document.title='taken'\">",
    "\"' onmouseover='x",
    "\u202eright to left\u202c \u05d0\u05d1\u05d2",
    "line\u2028and\u2029paragraph",
    "null \x00, escape \x1b[31m, half a pair \ud83d",
    "x" * 10_000,
)


@cache
def replayed(name: str) -> ReplayRecord:
    """The record of a saved run, with its trace and script."""
    replay = RUNS[name]
    record, cause = follow(replay, load(replay.subject, replay.level), traced=True)
    assert cause is not None
    return with_script(record, replay, script_record(replay, cause))


def gate_of(*records: ReplayRecord) -> GateRecord:
    """A gate whose findings are these runs."""
    findings: list[Any] = []
    for run in records:
        record: Any = run
        broken = record["findings"][0]
        finding = {**broken, "level": "manager", "order": "fifo", "cancellation": False, "operations": ["an operation"]}
        keys = ("tasks", "steps", "trace", "script", "script_confirmed", "script_doubt")
        findings.append({**finding, "plain": None, "replay": REPLAY, **{key: record[key] for key in keys if key in record}})
    covered: Any = {
        "fired": ["rule a", "rule b"],
        "never_fired": ["rule c"],
        "looked_closely": 4,
        "awaits": ["m.py:1"],
        "awaits_never": [],
        "overlapped": ["a | a"],
        "never_overlapped": ["a | b"],
        "stakes": [{"name": "a message must be sent", "runs": 12, "breakable": 10}],
        "variants": 10,
        "complete_within": {"0": 10, "1": 4},
        "complete": 2,
        "faults": {"fifo": {"struck": 10, "singly": 9, "in_pairs": 1}},
        "end_states": {"distinct": 20, "seen_once": 5, "runs": 100, "unseen": 0.05, "exact": True},
    }
    return {
        "schema": GATE_SCHEMA,
        "subject": "hub.py:Hub",
        "profile": "ci",
        "seed": 0,
        "hash_seed": 0,
        "verdict": "violated" if findings else "holds",
        "stopped": False,
        "checks": [
            {"name": "regression corpus", "verdict": None, "programs": 0, "schedules": 0, "steps": 0, "seconds": 0.0},
            {"name": "manager, fifo", "verdict": "violated", "programs": 10, "schedules": 1_234, "steps": 45_678, "seconds": 1.5},
        ],
        "findings": findings,
        "coverage": {"fired": ["rule a"], "never_fired": ["rule c"], "model": None, "checks": {"manager, fifo": covered}},
        "doubts": ["a doubt"],
    }


def long_run(steps: int) -> ReplayRecord:
    """A run of so many steps, made of the phantom's."""
    record = replayed(PHANTOM)
    trace = record["trace"]
    rows: Any = [{**record["steps"][at % 7], "step": at + 1} for at in range(steps)]
    moments = [trace["moments"][0], *(trace["moments"][at % 7 + 1] for at in range(steps))]
    return {**record, "steps": rows, "trace": {**trace, "moments": moments, "lost_at": None, "holds": None}}


def hostile_run(text: str) -> ReplayRecord:
    """The phantom's run with `text` wherever a user's text may be."""

    def put(data: Any) -> Any:
        if isinstance(data, str):
            return text
        if isinstance(data, dict):
            return {key: value if key in ("kind", "verdict", "schema") else put(value) for key, value in data.items()}
        return [put(each) for each in data] if isinstance(data, list) else data

    record: Any = put(replayed(PHANTOM))
    for trace in (record["trace"], record["trace"]["holds"]["trace"]):
        trace["lanes"] = [{"name": text, "kind": "task"}]
        for moment in trace["moments"]:
            moment["marks"] = []
            moment.pop("used", None)
            if "suspended" in moment:
                moment["suspended"] = {text: text}
        trace["places"] = {text: next(iter(trace["places"].values()), {"file": text, "line": 1, "first": 1, "text": [text]})}
    made: ReplayRecord = record
    return made
