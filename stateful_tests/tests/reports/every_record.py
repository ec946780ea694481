"""A record of every kind, as small as can be and with everything that it may say: tests of every form are made from them."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from subwarden.checking.linearizability.verdict import SPECIFICATIONS, judge_file, survey_file
from subwarden.proving.manager.scope import Scope
from subwarden.proving.tour.tour import tour
from subwarden.reports.records.gate import PLAY_SCHEMA
from subwarden.stateful_tests.runs.history_record import record as judgement_of
from subwarden.stateful_tests.runs.tour import tour_record
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.paths import DATA, GOLDEN
from subwarden.stateful_tests.tests.reports.records import PHANTOM, RAW, REPLAY, gate_of, replayed

ROW = {"step": 1, "task": "move", "lines": [{"at": "transfer.py:16", "source": "    async with source.lock:"}], "did": [], "deviates": ""}
FINDING: Any = {
    "kind": "deadlock",
    "title": "deadlock: move -> move 2 -> move (each waits for the next)",
    "evidence": ["move waits for lock bob.lock, held by move 2  (transfer.py:18  async with target.lock:); taken at transfer.py:16"],
    "order": "fifo",
    "fault": True,
    "slow_step": True,
    "slowest": 5.0,
    "outside": True,
    "found": 3,
    "deviations": 1,
    "moved": ["move"],
    "values": ["choose 60"],
    "minimal": True,
    "virtual_seconds": 0.0,
    "steps": [ROW, {**ROW, "step": 2, "did": ["waits for lock bob.lock, held by move 2"], "deviates": "is cancelled here"}],
    "replay": "sx1-BuE9MA",
    "script": None,
    "script_confirmed": None,
    "script_doubt": None,
}
CHECK = {"verdict": "holds", "steps": 9, "complete_within": 1, "complete": False, "end_states": 1, "unseen": 0.5, "seconds": 1.0}
EXPLORED: Any = {
    "schema": "subwarden/explore/1",
    "scenario": "examples/transfer.py:both_ways",
    "seed": 0,
    "hash_seed": 0,
    "verdict": "violated",
    "stopped": True,
    "checks": [
        {**CHECK, "order": "fifo", "verdict": "violated", "schedules": 1_234},
        {**CHECK, "order": "any", "schedules": 99},
        {**CHECK, "order": "any", "schedules": 9, "complete": True},
    ],
    "findings": [FINDING],
    "sometimes": {"money moves": False, "seen": True},
    "doubts": ["the scenario does not do the same under the same schedule"],
}
ENDS = {"distinct": 20, "seen_once": 5, "runs": 100, "unseen": 0.05, "exact": False}


def hunted() -> Any:
    gate: Any = gate_of(replayed(PHANTOM))
    (covered,) = gate["coverage"]["checks"].values()
    more = {"programs": 10, "schedules": 1_234, "not_searched": [{"why": "a state cannot be read", "variants": 3}]}
    return {
        **{key: gate[key] for key in ("subject", "findings", "doubts", "verdict", "seed")},
        "schema": "subwarden/hunt/1",
        "ended": "budget",
        "folder": ".subwarden/hunt/hub-py-Hub",
        "jobs": 2,
        "session": {"schedules": 1_234, "seconds": 2.0},
        "seconds": 2.0,
        "programs": 10,
        "schedules": 1_234,
        "steps": 9_999,
        "rounds": 3,
        "strategies": [{"name": "pct 3", "runs": 1_000, "new": 12, "causes": 1}, {"name": "drawn", "runs": 9, "new": None, "causes": 0}],
        "coverage": {"manager, fifo": {**covered, **more, "end_states": ENDS, "unseen_of_programs": 0.02}},
        "never_fired": ["manager: operation has_subscribers"],
        "outcomes": {"distinct": 20, "seen_once": 5, "unseen": 0.05, "exact": False, "relative_error": 0.01},
        "lost": ["worker 0 was killed (signal 9) in round 0; its findings are kept; another takes its place"],
    }


def played() -> Any:
    gate: Any = gate_of(replayed(RAW))
    tasks = [{"name": "A", "operations": ["connect(c1)", "subscribe(c1, t1)"], "faults": "may be cancelled"}]
    return {**{key: gate[key] for key in ("subject", "findings", "doubts", "verdict", "checks")}, "schema": PLAY_SCHEMA, "tasks": tasks}


@cache
def toured(subject: str) -> Any:
    return tour_record(subject, load(subject), tour(Scope(1, 1, 1, in_flight=0), 10_000), lambda *_: True)


def judged(name: str) -> Any:
    path, of = DATA / "histories" / f"{name}.jsonl", SPECIFICATIONS["core"]()
    return judgement_of(judge_file(path, of, survey_file(path, of), 10_000), of, f"{name}.jsonl")


CHECKS = [{"name": "hello", "verdict": "pass", "said": "", "mend": ""}, {"name": "steps", "verdict": "skip", "said": "no", "mend": ""}]
CHECKS.append({"name": "bye", "verdict": "fail", "said": "it does not end", "mend": "end after bye, as docs/exec-protocol.md shows"})


def run_again() -> Any:
    return {**replayed(RAW), "replay": REPLAY}


RECORDS: dict[str, Callable[[], Any]] = {
    "explore": lambda: EXPLORED,
    "hunt": hunted,
    "play": played,
    "replay": run_again,
    "tour": lambda: toured("source"),
    "check": lambda: judged("late_delivery"),
    "conform": lambda: {"schema": "subwarden/conform/1", "command": "./mine", "verdict": "violated", "checks": CHECKS},
    "gate": lambda: gate_of(replayed(PHANTOM)),
    "prove": lambda: json.loads((GOLDEN / "prove_violated.json").read_text()),
}
