"""The gate as a whole: its findings, which are the same every time, its record, and its end when it is stopped.

Each run here is a process of its own, with a profile much smaller than `ci`.

Long because all of these tests read the same two gates, which take half a minute.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.checking.verdict import Verdict
from subwarden.model.properties import Property
from subwarden.reports.gate import write_gate
from subwarden.reports.missed import MOST, all_in_words
from subwarden.reports.records.gate import GATE_SCHEMA, GateRecord
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.points import Point
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.gate.corpus import replay_corpus
from subwarden.stateful_tests.gate.outcome import CheckOutcome
from subwarden.stateful_tests.gate.record import gate_record
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.runs.replay import read
from subwarden.stateful_tests.runs.saved import COMMITTED, SAVED
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.tests.checks import CHECKS

PRELUDE = """
import multiprocessing, os, signal, sys
import subwarden.cli.gate
from subwarden.cli.main import entry
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES, Profile

PROFILES["ci"] = Profile("ci", examples=8, schedules=30, steps=9, derandomized=True)
Gate = subwarden.cli.gate.Gate

def when_under_way(act):
    def made(*arguments, progress, **options):
        acted = []
        def told(schedules, done, parts, now):
            if schedules and not acted:
                acted.append(True)
                act()
            progress(schedules, done, parts, now)
        return Gate(*arguments, progress=told, **options)
    subwarden.cli.gate.Gate = made
"""
RUN = "\nif __name__ == '__main__':\n    entry()\n"
CTRL_C = "when_under_way(lambda: os.killpg(0, signal.SIGINT))"  # as a terminal does it: to the whole group
KILL = "when_under_way(lambda: multiprocessing.active_children()[0].kill())"

# DOMAIN: the level manager hazards, by the id of their finding
HAZARDS = {
    "P2-a-closed-connection-is-live-again": "a connection initialised after its close",
    "P2-a-connection-that-is-not-live-is-subscribed": "set_listener for a closed connection",
    "P3-a-listener-is-put-on-a-state-that-was-torn-down": "a state taken before remove_thread_state, given a listener after it",
    "P6-a-call-that-a-teardown-overtook-acts-on-the-thread-s-next-life": "an entry re-created after teardown",
    "P8-remove-listener-does-what-the-model-does-not": "the removal of an explicit id that drops an implicit subscription",
    "P10-a-subscription-is-seen-without-its-raw-choice": "the raw flag's two sections seen half done",
    "P11-a-listener-outlives-the-teardown-of-its-state": "an operation cancelled between M and T",
}


@dataclass
class Run:
    """A gate that has run."""

    code: int
    out: str
    err: str
    json: str

    @property
    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(self.json)
        return record


class Gate:
    """A gate that runs in `folder`."""

    def __init__(self, folder: Path, *arguments: str, also: str = "", hash_seed: int = 0) -> None:
        folder.mkdir()
        self.folder = folder
        command = [sys.executable, "-c", PRELUDE + also + RUN, "gate", "--level", "manager", "--json", "run.json", *arguments]
        environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def finish(self) -> Run:
        try:
            out, err = self.process.communicate(timeout=200)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        written = self.folder / "run.json"
        return Run(self.process.returncode, out, err, written.read_text() if written.exists() else "")


@pytest.fixture(scope="module")
def seed_twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """The same gate on `source` with two hash seeds and two numbers of workers."""
    folder = tmp_path_factory.mktemp("seed")
    first = Gate(folder / "first", "--subject", "source", "--jobs", "1", hash_seed=1)
    second = Gate(folder / "second", "--subject", "source", "--jobs", "2", hash_seed=2)
    return first.finish(), second.finish()


MOVES = ("seconds", "hash_seed", "replay")  # keys whose values differ between two gates: a replay brings its string hash


def timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: timeless(inner) for key, inner in value.items() if key not in MOVES}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


def timeless_text(out: str) -> list[list[str]]:
    """Line by line, word by word; the two last columns of the table of checks are times, and replays bring their string hash."""
    lines = [line.split() for line in out.splitlines() if not line.startswith("replay: ")]
    return [words[:-2] if words and words[0] in ("check", "manager,", "regression") else words for words in lines]


def test_two_gates_report_the_same_to_the_byte_apart_from_times(seed_twice: tuple[Run, Run]) -> None:
    first, second = seed_twice
    assert first.code == second.code == 1, (first.err, second.err)
    assert json.dumps(timeless(first.record)) == json.dumps(timeless(second.record))
    assert first.json.splitlines()[0] == "{"
    one, other = ([line for line in run.json.splitlines() if not any(f'"{key}": ' in line for key in MOVES)] for run in (first, second))
    assert one == other
    for mine, theirs in zip(first.record["findings"], second.record["findings"], strict=True):
        assert read(mine["replay"]) == read(theirs["replay"])
    assert timeless_text(first.out) == timeless_text(second.out)


def test_every_hazard_of_the_source_is_a_finding_of_its_own(seed_twice: tuple[Run, Run]) -> None:
    record = seed_twice[0].record
    ids = [finding["id"] for finding in record["findings"]]
    assert len(set(ids)) == len(ids)
    assert HAZARDS.keys() <= set(ids)
    assert max(len(finding["operations"]) for finding in record["findings"]) <= 4
    assert "violated" in [check["verdict"] for check in record["checks"] if check["name"] != "regression corpus"]


def test_the_record_follows_the_schema(seed_twice: tuple[Run, Run]) -> None:
    record = seed_twice[0].record
    assert set(record) == {
        "schema",
        "subject",
        "profile",
        "seed",
        "hash_seed",
        "verdict",
        "stopped",
        "checks",
        "findings",
        "coverage",
        "doubts",
    }
    assert (record["schema"], record["subject"], record["profile"], record["verdict"]) == (GATE_SCHEMA, "source", "ci", "violated")
    assert (record["stopped"], record["doubts"]) == (False, [])
    assert [check["name"] for check in record["checks"]] == ["regression corpus", *(check.name for check in CHECKS)]
    for check in record["checks"]:
        assert set(check) == {"name", "verdict", "programs", "schedules", "steps", "seconds"}
        assert check["verdict"] in {verdict.value for verdict in Verdict}
    for finding in record["findings"]:
        assert {"id", "property", "order", "cancellation", "operations", "steps", "replay"} <= set(finding)
        assert finding["id"].startswith(finding["property"] + "-")
        assert finding["property"] in Property.__members__
        assert finding["order"] in ("fifo", "any")
        assert (finding["property"] == "P11") is finding["cancellation"]
        assert [row["step"] for row in finding["steps"]] == list(range(1, len(finding["steps"]) + 1))
        assert sum(len(row["broken"]) for row in finding["steps"]) == 1  # what it shows, once
        assert read(finding["replay"]).subject == "source"
    assert set(record["coverage"]) == {"fired", "never_fired", "model", "checks"}
    model = record["coverage"]["model"]
    assert set(model) == {"scope", "transitions", "taken", "never_taken", "examples"}
    assert 0 < model["taken"] < model["transitions"]
    assert sum(model["never_taken"].values()) == model["transitions"] - model["taken"]
    assert not set(record["coverage"]["fired"]) & set(record["coverage"]["never_fired"])


def test_the_record_has_the_coverage_of_each_check(seed_twice: tuple[Run, Run]) -> None:
    record, out = seed_twice[0].record, StringIO()
    write_gate(cast(GateRecord, record), Console(file=out, width=200), verbose=True)
    checks = record["coverage"]["checks"]
    assert set(checks) == {check.name for check in CHECKS}
    for check, done in zip(CHECKS, record["checks"][1:], strict=True):
        of = checks[check.name]
        assert set(of["fired"]) >= {point.text() for point in check.expected(MANAGER_LEVEL)} - set(of["never_fired"])
        assert set(of["fired"]) <= set(record["coverage"]["fired"])
        assert f"\n{check.name}: {len(of['fired'])} of " in out.getvalue()
        assert f"\n{check.name}: " not in seed_twice[0].out  # statistics are told where asked for
        assert 0 < of["looked_closely"] <= 2 * done["programs"]
        assert all("impl/manager/" in place for place in (*of["awaits"], *of["awaits_never"]))
        assert (of["awaits"] and of["overlapped"]) or check.order is Order.FIFO  # where a free lock does not suspend
        assert not set(of["overlapped"]) & set(of["never_overlapped"])
        ends = of["end_states"]
        assert 0 <= ends["seen_once"] <= ends["distinct"] <= ends["runs"] <= done["schedules"] / 4
        assert ends["unseen"] == ends["seen_once"] / ends["runs"]
        assert of["complete"] <= of["complete_within"].get("0", 0) <= of["variants"]
        assert ("fifo" in of["faults"]) is check.cancellation
        for faults in of["faults"].values():
            assert done["programs"] >= faults["struck"] >= faults["singly"] >= faults["in_pairs"]
            assert faults["struck"] > 0


def test_findings_are_reported_and_saved(seed_twice: tuple[Run, Run], tmp_path_factory: pytest.TempPathFactory) -> None:
    run = seed_twice[0]
    for finding in run.record["findings"]:
        assert f"replay: subwarden replay {finding['short']}\n" in run.out
        assert f"{finding['property']} {finding['title']}: {finding['said']}" in " ".join(run.out.split())
    folder = next(tmp_path_factory.getbasetemp().glob("seed*/first")) / SAVED
    assert len(list(folder.glob("source-*.json"))) == len(run.record["findings"])


def test_on_split_lock_the_phantom_subscriber_is_found() -> None:
    """Subscribed as a running resume does, then disconnected: the subscriber stays. Found again from the saved run, and by exploring."""
    factory = load("split-lock")
    replayed = replay_corpus("split-lock", ("manager",), committed_only=True).findings[causes.OUTLIVES]
    assert replayed.program.operations() <= 4
    with running():
        search = GateSearch(CHECKS[0], MANAGER_LEVEL, factory, PROFILES["dev"])
        search.round(0, 16)
    phantoms = [f for f in search.outcome.findings.values() if f.broken is Property.P2]
    assert phantoms
    assert min(f.program.operations() for f in phantoms) <= 4


# --- how it ends


def test_a_gate_that_left_something_unfired_is_inconclusive(tmp_path: Path) -> None:
    run = Gate(tmp_path / "gate", "--jobs", "2", also='PROFILES["ci"] = Profile("ci", 2, 1, 1, True)').finish()
    assert run.code == 2, run.err
    assert run.record["verdict"] == "inconclusive"
    assert not run.record["findings"]
    missed = all_in_words(run.record["coverage"]["never_fired"])
    out = " ".join(run.out.split())
    assert "not enough to say that it holds" in out
    assert all(said in out for said in missed[:MOST])
    assert len(missed) <= MOST or f"and {len(missed) - MOST} more (all with --json)" in out
    assert "to mend: search longer" in out


def test_a_record_holds_only_if_everything_fired_and_nothing_is_in_doubt() -> None:
    everything = set().union(*(check.expected(MANAGER_LEVEL) for check in CHECKS))

    def verdict(outcome: CheckOutcome, *, stopped: bool = False) -> str:
        said: str = gate_record("manager", "ci", CHECKS, [outcome], stopped=stopped)["verdict"]
        return said

    assert verdict(CheckOutcome("check", schedules=1, fired=everything)) == "holds"
    assert verdict(CheckOutcome("check", schedules=1, fired=everything), stopped=True) == "inconclusive"
    assert verdict(CheckOutcome("check", schedules=1, fired=everything, doubts=["not the same twice"])) == "inconclusive"
    assert verdict(CheckOutcome("check", schedules=0, fired=everything)) == "inconclusive"
    for point in sorted(everything, key=Point.text):
        assert verdict(CheckOutcome("check", schedules=1, fired=everything - {point})) == "inconclusive", point


def test_a_finding_that_does_not_show_when_it_is_recorded_is_a_doubt() -> None:
    """It must not cost the report of the others, and by itself it proves nothing."""
    run = read(str(COMMITTED / "source-P2-a-closed-connection-is-live-again.json"))
    good = Finding(causes.REVIVED, run.order, False, run.program, run.names, (2, 0), run.level)
    gone = replace(good, cause=causes.OUTLIVES, names=("+start A", "nobody"))

    def record(*outcomes: dict[Cause, Finding[Any]]) -> GateRecord:
        checks = [CheckOutcome(f"check {number}", schedules=1, findings=found) for number, found in enumerate(outcomes)]
        return gate_record("source", "ci", CHECKS, checks, stopped=False)

    told = record({good.cause: good}, {gone.cause: gone})
    assert [finding["id"] for finding in told["findings"]] == [good.id]
    assert ([check["verdict"] for check in told["checks"]], told["verdict"]) == (["violated", "inconclusive"], "violated")
    (doubt,) = told["doubts"]
    assert doubt.startswith(f"{gone.id} was found, and does not show any more in the run that was kept of it")
    assert "at step 2 the schedule wants 'nobody'" in doubt
    assert record({gone.cause: gone})["verdict"] == "inconclusive"


def test_ctrl_c_stops_cleanly_with_the_findings_so_far(tmp_path: Path) -> None:
    run = Gate(tmp_path / "gate", "--subject", "source", "--jobs", "2", "--budget", "10m", also=CTRL_C).finish()
    assert run.code in (1, 2), run.err
    assert run.record["stopped"] is True
    assert "Stopped early" in run.out
    assert "Traceback" not in run.err


def test_a_killed_worker_is_told_in_one_line(tmp_path: Path) -> None:
    run = Gate(tmp_path / "gate", "--jobs", "2", "--budget", "10m", also=KILL).finish()
    assert (run.code, run.out) == (3, ""), run.err
    lines = [line for line in run.err.splitlines() if "parts done" not in line]
    killed = "a worker process was killed (SIGKILL: by somebody, or for want of memory)"
    assert lines == [f"subwarden gate: {killed}; fake that call, or run again with fewer --jobs if memory is short"]
