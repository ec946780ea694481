"""The text report as people see it, against golden files: a record that has everything in it, and real findings from end to end.

`SUBWARDEN_REFRESH=1` writes the golden files anew; look at the difference before committing it. Times are left out.
"""

import io
import re
from typing import Any

import pytest

from subwarden.checking.finding import Finding
from subwarden.impl.subjects import SUBJECTS
from subwarden.reports.gate import write_finding, write_gate
from subwarden.reports.layout.console import console_for
from subwarden.reports.records.finding import FindingRecord
from subwarden.reports.records.gate import GATE_SCHEMA, GateRecord
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.record import finding_record
from subwarden.stateful_tests.runs.saved import saved_runs
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.tests.golden_files import golden

RUNS = dict(saved_runs(committed_only=True))
REAL = (
    "source-P2-a-closed-connection-is-live-again",
    "source-P6-a-call-that-a-teardown-overtook-acts-on-the-thread-s-next-life",
    "source-P11-a-listener-outlives-the-teardown-of-its-state",
)
MARKUP = "file[bold].py:[/red]Manager"
MODEL = {"scope": "1 connection", "transitions": 1_234, "taken": 56, "never_taken": {"a: b": 1_178}, "examples": ["a in nothing"]}
COVERED: Any = {
    "fired": ["rule a"],
    "never_fired": ["rule [b]", "rule c", "rule d"],
    "looked_closely": 1_234,
    "awaits": ["m:1"],
    "awaits_never": ["m[0].py:2"],
    "overlapped": ["a | a"],
    "never_overlapped": ["a | b"],
    "stakes": [
        {"name": "a message must be sent", "runs": 1_234, "breakable": 1_000},
        {"name": "a thread must be unloaded", "runs": 0, "breakable": 0},
    ],
    "variants": 1_104,
    "complete_within": {"0": 1_100, "1": 100},
    "complete": 7,
    "faults": {"fifo": {"struck": 1_000, "singly": 990, "in_pairs": 10}, "drawn": {"struck": 900, "singly": 800, "in_pairs": 1}},
    "end_states": {"distinct": 2_000, "seen_once": 500, "runs": 10_000, "unseen": 0.05, "exact": True},
}
NOTHING: Any = {
    **{key: [] for key in ("fired", "awaits", "awaits_never", "overlapped", "never_overlapped")},
    "never_fired": ["rule a"],
    "looked_closely": 0,
    "variants": 0,
    "complete_within": {},
    "complete": 0,
    "faults": {},
    "end_states": {"distinct": 0, "seen_once": 0, "runs": 0, "unseen": None, "exact": True},
}
CHECKS = {"manager, fifo + cancel": COVERED, "manager, any": NOTHING}

FINDING: Any = {
    "id": "P2-something",
    "property": "P2",
    "title": "no phantom subscriber",
    "mechanism": "something is subscribed",
    "said": "something [italic]slanted[/italic] is subscribed",
    "detail": "c1 on [u]t1[/u]",
    "order": "any",
    "cancellation": True,
    "operations": ["connection_initialized(c1)", "has_subscribers(t1)"],
    "tasks": [
        {"name": "A", "operations": ["connection_initialized(c1)", "has_subscribers(t1)"], "faults": ""},
        {"name": "B", "operations": ["[link=x]odd[/link](t1)"], "faults": "may be cancelled"},
    ],
    "steps": [
        {"step": 1, "task": "A", "did": ["calls connection_initialized(c1)", "takes M"], "at": "m[0].py:12", "changed": [], "broken": []},
        {"step": 2, "task": "B", "did": ["(is cancelled)"], "at": None, "changed": ["c1 live", "+ c1 on t1"], "broken": []},
        {"step": 3, "task": "task-4", "did": [], "at": None, "changed": [], "broken": ["P2 no phantom subscriber: [red]it[/red] broke"]},
    ],
    "replay": "sw1-" + "x" * 200,
}
RECORD: Any = {
    "schema": GATE_SCHEMA,
    "subject": MARKUP,
    "profile": "ci",
    "seed": 7,
    "verdict": "violated",
    "stopped": True,
    "checks": [
        {"name": "regression corpus", "verdict": None, "programs": 0, "schedules": 0, "steps": 0, "seconds": 0.0},
        {"name": "manager, fifo", "verdict": "violated", "programs": 1234, "schedules": 234567, "steps": 3456789, "seconds": 12.345},
        {"name": "manager, any", "verdict": "inconclusive", "programs": 1, "schedules": 1, "steps": 9, "seconds": 0.5},
    ],
    "findings": [FINDING],
    "coverage": {"fired": ["rule a", "rule b"], "never_fired": ["transition [dim]x[/dim]: y"], "model": MODEL, "checks": CHECKS},
    "doubts": ["a deadlock [blink]now and then[/blink]: the same schedule does not give the same run twice"],
}


def text(record: GateRecord, *, timings: bool = False, verbose: bool = False, quiet: bool = False) -> str:
    out = io.StringIO()
    write_gate(record, console_for(out), timings=timings, verbose=verbose, quiet=quiet)
    return out.getvalue()


def real_finding(name: str) -> FindingRecord:
    replay = RUNS[name]
    factory = SUBJECTS[replay.subject].factory
    with running():
        violations = Runner(MANAGER_LEVEL, factory, replay.order).follow(replay.program, replay.names).violations
    cause = next(cause for cause in violations if cause.slug() == replay.cause)
    size = (replay.program.operations(), 0)
    finding: Finding[ManagerProgram] = Finding(
        cause, replay.order, bool(replay.program.faults), replay.program, replay.names, size, replay.level
    )
    return finding_record(replay.subject, finding)


def without_places(line: str) -> str:
    """A module's line numbers change with every edit of it, which is no change of the report."""
    return re.sub(r"(?<=[a-z]):\d+", lambda number: ":" + "0" * (len(number[0]) - 1), line)


def test_a_record_with_everything_in_it() -> None:
    golden("gate_everything.txt", text(RECORD, verbose=True))


def test_a_record_that_holds() -> None:
    checks = [{**check, "verdict": "holds"} for check in RECORD["checks"]]
    coverage = {"fired": ["rule a"], "never_fired": [], "model": MODEL, "checks": {"manager, fifo": {**COVERED, "faults": {}}}}
    holds = {"subject": "manager", "verdict": "holds", "stopped": False, "findings": [], "doubts": []}
    record: Any = {**RECORD, **holds, "checks": checks, "coverage": coverage}
    golden("gate_holds.txt", text(record))
    golden("gate_holds_verbose.txt", text(record, verbose=True))


def test_a_record_that_is_inconclusive_says_what_was_missed_and_how_to_mend_it() -> None:
    never = ["observe() observe() shows something", "operation publish", "rule publish", "transition subscribe: again", "rule settle"]
    never = [f"core: {point}" for point in [*never, "cancellation while about to run", "order any: a free lock suspends"]]
    never.append("server: answer thread/start: ok")
    coverage: Any = {"fired": ["rule a"], "never_fired": never, "model": None, "checks": {}}
    record: Any = {**RECORD, "verdict": "inconclusive", "stopped": False, "findings": [], "doubts": [], "coverage": coverage}
    golden("gate_inconclusive.txt", text(record))


@pytest.mark.parametrize("name", REAL)
def test_a_real_finding(name: str) -> None:
    out = io.StringIO()
    write_finding(real_finding(name), console_for(out))
    # the replay line is compressed, and another zlib may compress otherwise; that it replays is tested elsewhere
    kept = [without_places(line) for line in out.getvalue().splitlines() if not line.startswith("replay: ")]
    golden(f"finding_{name}.txt", "\n".join(kept) + "\n")


def test_a_report_is_80_wide_and_plain_where_there_is_no_terminal() -> None:
    out = text(RECORD, timings=True)
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines() if not line.startswith(("replay: ", "subject "))) <= 80
    assert f"replay: subwarden replay {FINDING['replay']}\n" in out  # on one line, so that it can be pasted


def test_times_are_told_and_can_be_left_out() -> None:
    assert "12.3" in text(RECORD, timings=True)
    assert "12.3" not in text(RECORD)
    assert "seconds" not in text(RECORD)


def test_what_looks_like_markup_is_shown_as_it_is() -> None:
    out = " ".join(text(RECORD, verbose=True).split())
    shown = [MARKUP, FINDING["said"], FINDING["detail"], FINDING["tasks"][1]["operations"][0], "m[0].py:12", "[red]it[/red]"]
    for words in [*shown, "[dim]x[/dim]: y", *RECORD["doubts"]]:
        assert words in out


def test_a_quiet_gate_prints_its_findings_and_verdict_and_why_it_is_inconclusive() -> None:
    whole, quiet = text(RECORD), text(RECORD, quiet=True)
    assert "manager, fifo" in whole
    assert "manager, fifo" not in quiet
    assert "coverage:" not in quiet
    assert "replay: subwarden replay sw1-" in quiet
    assert "violated (1 finding in" in quiet
    holds: Any = {**RECORD, "verdict": "holds", "findings": [], "doubts": [], "stopped": False}
    passed = text(holds, quiet=True)
    assert len(passed.splitlines()) == 1
    assert "coverage: 2 of 3 points" in text(holds | {"verdict": "inconclusive"}, quiet=True)
