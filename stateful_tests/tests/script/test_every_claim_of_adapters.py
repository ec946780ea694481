"""Each kind of claim of an adapter's script fails on an adapter that is broken so, and holds on the mended one, whose steps differ."""

import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.core import causes as core_causes
from subwarden.checking.custom.model import CustomOperation
from subwarden.cli.main import main
from subwarden.model.core.step import Connect, Disconnect, Publish, Subscribe, Unsubscribe
from subwarden.model.properties import CoreProperty
from subwarden.reports.script import core_claims
from subwarden.scheduling.order import EARLY, TIMER, Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.runs.replay import of_finding
from subwarden.stateful_tests.script.run import doubt, scripted
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.custom.program import CustomProgram
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.paths import DATA
from subwarden.stateful_tests.tests.script.kinds import kinds_of
from subwarden.stateful_tests.tests.script.server_findings import told_of
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE

FILE = DATA / "broken_adapters.py"
HOLDS = "the script does not fail on the stock event loop"


class Row(NamedTuple):
    """`adapter` shows `cause` in a run of `program`, which its script claims as `kind`."""

    kind: str
    adapter: str
    cause: Cause
    program: Any
    timer: str = ""  # that the run waits for


def calls(*operations: Any) -> CoreProgram:
    """One caller after the other."""
    return CoreProgram(tuple((each,) for each in operations))


def custom(*chains: tuple[tuple[str, ...], ...]) -> CustomProgram:
    return CustomProgram(tuple(tuple(CustomOperation(name, tuple(about)) for name, *about in chain) for chain in chains))


THERE = Connect("c1"), Subscribe("c1", "t1")
GONE = (*THERE, Unsubscribe("c1", "t1"))
TOLD = calls(*THERE, Publish("t1"))
ROWS = [
    Row("extra", "KeepsThePair", causes.wrong_state("unsubscribe"), calls(*GONE)),
    Row("extra", "StartsFirst", causes.wrong_state("unsubscribe"), calls(*GONE)),
    Row("missing", "AddsNothing", causes.wrong_state("subscribe"), calls(*THERE)),
    Row("maps", "TwoMaps", causes.MAPS_DISAGREE, calls(*GONE)),
    Row("own", "OwnProperty", Cause(CoreProperty.OWN, "one topic for each client"), calls(*THERE, Subscribe("c1", "t2"))),
    Row("answer", "AnswersNo", causes.wrong_answer("unsubscribe"), calls(*GONE)),
    Row("answer", "NeverAsks", causes.SUBSCRIBED_DEAD, calls(Subscribe("c1", "t1"), Connect("c1"))),
    Row("answer", "Swallows", causes.SWALLOWED, CoreProgram(((Connect("c1"),), (Subscribe("c1", "t1"),)), (1,))),
    Row("lost", "Deadline", core_causes.LOST, TOLD, TIMER),
    Row("raises", "Raises", causes.raised("unsubscribe", KeyError()), calls(*GONE)),
    Row("twice", "Twice", core_causes.TWICE, TOLD),
    Row("lost", "Loses", core_causes.LOST, TOLD),
    Row("stray", "Strays", core_causes.STRAY, calls(Connect("c1"), Publish("t1"))),
    Row("disorder", "LastFirst", core_causes.DISORDER, CoreProgram((THERE, (Publish("t1"), Publish("t1"))))),
    Row("broker", "Broker", core_causes.BROKER_DIFFERS, calls(*GONE)),
    Row("stuck", "WaitsForEver", causes.DEADLOCK, calls(*GONE)),
    Row("unclosed", "CloseHangs", causes.DEADLOCK, calls(*THERE)),
    Row("closing", "CloseRaises", causes.raised("close", ConnectionResetError()), calls(*THERE)),
    Row("task", "Park", causes.LEAKED_TASK, calls(*THERE), TIMER),
    Row("task", "KeepsWaiting", causes.LEAKED_TASK, calls(Connect("c1"), Disconnect("c1"))),
    Row("unretrieved", "CloseTaskFails", causes.UNRETRIEVED, calls(*THERE)),
    Row("unretrieved", "WorkerFails", causes.UNRETRIEVED, calls(*THERE)),
    Row("lock", "LockKept", causes.LEAKED_LOCK, calls(Connect("c1"))),
    Row("restless", "Spins", causes.RESTLESS, calls(Connect("c1"))),
    Row("restless", "SpinsLater", causes.RESTLESS, calls(Connect("c1")), TIMER),
    Row("blocked", "Blocks", causes.BLOCKED, calls(Connect("c1"))),
    Row("lost", "GivesUpTooSoon", core_causes.LOST, TOLD, EARLY),
    Row("shown", "Shown", causes.wrong_state("add"), custom((("add", "c1", "t1"),), (("add", "c2", "t1"),))),
    Row("answer", "WrongSum", causes.wrong_answer("get"), custom((("add", "c1", "t1"),), (("get", "t1"),))),
]


def failing_run(row: Row, subject: str) -> FailingRun:
    """A run of the adapter that shows the cause."""
    level = CUSTOM_LEVEL if isinstance(row.program, CustomProgram) else CORE_LEVEL
    if row.kind == "blocked":
        return FailingRun(Order.FIFO, row.program, ["+start A", "A"], row.cause)
    with running():
        runner, strategy = Runner(level, load(subject, level.name), Order.FIFO), DelayBounded(3, Random(0))
        while (result := runner.run_strategy(row.program, strategy)) is not None:
            choose = fixed(result.choices)
            for cause in result.violations:
                if cause.broad() == row.cause.broad():
                    return FailingRun(Order.FIFO, row.program, runner.record(row.program, lambda _: choose)[1], cause)  # noqa: B023
    raise AssertionError("it was not found")


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}-{row.adapter}")
def test_a_script_fails_on_the_broken_adapter_and_holds_on_the_mended(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = f"{FILE}:{row.adapter}"
    run = failing_run(row, subject)
    assert row.timer in (*run.names, "")
    level = CUSTOM_LEVEL if isinstance(row.program, CustomProgram) else CORE_LEVEL
    made: Any = scripted(level, told_of(run), subject, load(subject, level.name), run)
    assert made["script_confirmed"], (made["script_doubt"], made["script"])
    assert made["plain"]["claim"][0] == row.kind
    monkeypatch.setenv("MENDED", "1")
    assert str(doubt.__wrapped__(made["script"], "")).startswith(HOLDS), made["script"]


def test_every_kind_of_claim_has_a_row() -> None:
    assert kinds_of(core_claims.check) == {row.kind for row in ROWS}
    assert {*core_claims.ORDERED, *core_claims.AT_REST} <= {row.kind for row in ROWS}
    assert {row.timer for row in ROWS} == {"", TIMER, EARLY}


def test_a_finding_that_needs_a_slow_step_is_told_and_replays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Once it was dropped as a doubt: its confirmation and its script were played as if no step could be slow."""
    subject = f"{FILE}:GivesUpTooSoon"
    with running():
        search = GateSearch(Check(Order.FIFO, False, "core"), CORE_LEVEL, load(subject, "core"), PROFILE)
        search._drive_variant(TOLD, 200)
    assert not search.outcome.doubts
    finding = search.outcome.findings[core_causes.LOST]
    assert EARLY in finding.names
    script = tmp_path / "finding.py"
    assert main(["replay", of_finding(subject, finding).string(), "--subject", subject, "--script", str(script)]) == 1
    assert "fails on the stock event loop" in " ".join(capsys.readouterr().out.split())
    assert subprocess.run([sys.executable, str(script)], check=False, capture_output=True, timeout=60).returncode == 1
