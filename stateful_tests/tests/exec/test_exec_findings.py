"""Reports on processes, to the letter, and how a finding under real concurrency is shrunk and counted.

`SUBWARDEN_REFRESH=1` writes the golden files anew; look at the difference before committing it. Times are left out.
"""

import io
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from subwarden.checking import causes
from subwarden.cli import exec_subject
from subwarden.cli.main import main
from subwarden.model.core.relation import Relation
from subwarden.model.core.step import Connect, CoreOperation, Disconnect, Publish, Subscribe, Unsubscribe
from subwarden.reports.exec import write_process_gate
from subwarden.reports.layout.console import console_for
from subwarden.reports.records.exec import ExecGateRecord
from subwarden.stateful_tests.exec import finding as finding_module
from subwarden.stateful_tests.exec.finding import ExecFinding, investigate
from subwarden.stateful_tests.exec.gate import ExecOutcome
from subwarden.stateful_tests.exec.messages import Hello
from subwarden.stateful_tests.exec.play import BrokenRun, ExecRun, Row
from subwarden.stateful_tests.exec.program import ExecProgram, ExecTask
from subwarden.stateful_tests.exec.record import record
from subwarden.stateful_tests.exec.recording import Recording
from subwarden.stateful_tests.exec.runner import ExecRunner
from subwarden.stateful_tests.tests.golden_files import golden
from subwarden.stateful_tests.tests.paths import ROOT

OPERATIONS = ("connect", "subscribe", "unsubscribe", "publish", "disconnect", "teardown")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made(run: ExecRun, *, steps: bool, failed: int, counted: int, doubts: list[str]) -> ExecGateRecord:
    assert run.broken is not None
    hello = Hello("[bold]mine[/bold]", OPERATIONS, not doubts, steps, False)
    found = {run.broken.cause: ExecFinding(run.broken.cause, run, failed, counted)}
    outcome = ExecOutcome(
        hello, 12, 3456, 78_901 if steps else 0, 3000 if steps else 0, 17, {"connect: becomes live"}, found, doubts, bool(doubts), 1.5
    )
    return record("./mine --port 7", 5.0, "ci", 0, outcome)


def compare(name: str, data: ExecGateRecord) -> None:
    out = io.StringIO()
    write_process_gate(data, console_for(out), timings=False)
    golden(name, out.getvalue())


def two_unsubscribes() -> ExecRun:
    """Two unsubscribes at once, both told yes."""
    recording = Recording()
    for operation, answer in ((Connect("c1"), None), (Subscribe("c1", "t1"), True)):
        recording.returned(recording.call("first", operation), answer)
    one, other = (recording.call(task, Unsubscribe("c1", "t1")) for task in "AB")
    recording.returned(other, True)
    recording.returned(one, True)
    program = ExecProgram((Connect("c1"), Subscribe("c1", "t1")), tuple(ExecTask(n, (Unsubscribe("c1", "t1"),)) for n in "AB"))
    rows = [
        Row("first", ["calls connect(c1)", "connect returns"], [], 2),
        Row("first", ["calls subscribe(c1, t1)", "subscribe returns yes"], ["+ c1 on [red]t1[/red]"], 4),
        Row("A", ["calls unsubscribe(c1, t1)"], [], 5),
        Row("B", ["calls unsubscribe(c1, t1)", "unsubscribe returns yes"], [], 7),
        Row("A", ["unsubscribe returns yes"], [], 8),
        Row("at rest", [], ["never shown: it comes after what is broken"], 8),
    ]
    return ExecRun(program, recording, rows, BrokenRun(causes.wrong_answer("unsubscribe"), 8, 4), set())


def test_a_finding_without_a_schedule() -> None:
    compare("process_concurrent.txt", made(two_unsubscribes(), steps=False, failed=37, counted=100, doubts=[]))


def test_a_finding_with_a_schedule_and_everything_else() -> None:
    run = two_unsubscribes()
    run.names = ("+A", "+B", "B: runs", "A: runs")
    run.broken = BrokenRun(causes.SUBSCRIBED_DEAD, 8, 4, "said [link=x]of it[/link]")
    compare("process_scheduled.txt", made(run, steps=True, failed=0, counted=0, doubts=["a doubt [dim]of[/dim] it"]))


def test_a_finding_that_was_seen_once() -> None:
    data = made(two_unsubscribes(), steps=False, failed=0, counted=100, doubts=[])
    out = io.StringIO()
    write_process_gate(data, console_for(out), timings=False)
    assert "reproducible: not in 100 more runs of this program; the history is the evidence" in out.getvalue()


def test_a_page_has_what_was_shown_beside_what_the_model_may_have() -> None:
    run = two_unsubscribes()
    run.rows[1].shown = run.rows[3].shown = Relation(None, frozenset({("t1", "c1")}))
    (finding,) = made(run, steps=True, failed=0, counted=0, doubts=[])["findings"]
    states = [moment["state"] for moment in finding["trace"]["moments"]]
    assert len(states) == len(finding["steps"]) + 1
    assert [(state["must"], state["may"], state["followed"]) for state in states] == [
        ([], [], True),
        ([], [], True),
        (["c1 on t1"], [], True),
        ([], ["c1 on t1"], True),
        ([], [], True),
        ([], [], False),
    ]
    assert [state["compared"] for state in states] == [False, False, True, False, True, False]
    assert states[4]["shown"] == ["c1 on t1"], "B was told yes, and it is there all the same"


# --- shrinking without control of the schedule


@dataclass
class Luck:
    """Stands for a process that schedules itself. `fails(operations, run)`: whether the run of that number, of that program, fails."""

    pattern: dict[tuple[str, ...], list[bool]]
    hello: Hello = field(default_factory=lambda: Hello("luck", OPERATIONS, True, False, False))
    runs: "Counter[tuple[str, ...]]" = field(default_factory=Counter)

    def run(self, program: ExecProgram) -> ExecRun:
        names = tuple(operation.name for operation in program.operations())
        self.runs[names] += 1
        fails = self.pattern.get(names, [])
        broken = BrokenRun(causes.SUBSCRIBED_DEAD, 1, 0) if fails and fails[(self.runs[names] - 1) % len(fails)] else None
        return ExecRun(program, Recording(), [Row("A")], broken, set())


def smallest(luck: Luck, *operations: CoreOperation) -> ExecFinding:
    program = ExecProgram((), (ExecTask("A", operations),))
    whole = ExecRun(program, Recording(), [Row("A")], BrokenRun(causes.SUBSCRIBED_DEAD, 1, 0), set())
    return investigate(cast(ExecRunner, luck), causes.SUBSCRIBED_DEAD, whole)


def test_an_operation_is_dropped_only_if_the_rest_fails_in_every_try() -> None:
    """Two failures are not three; three are enough, however many runs lie between them, if each try has one."""
    never = [False] * (3 * finding_module.RUNS_A_TRY)
    rare = [False] * (finding_module.RUNS_A_TRY - 1) + [True]
    luck = Luck({("subscribe", "disconnect"): [True, True, *never], ("connect", "disconnect"): rare, ("disconnect",): never})
    found = smallest(luck, Connect("c1"), Subscribe("c1", "t1"), Disconnect("c1"))
    assert [operation.name for operation in found.run.program.operations()] == ["connect", "disconnect"]
    assert (found.failed, found.counted) == (100 // finding_module.RUNS_A_TRY, 100)


def test_a_run_that_does_not_fail_again_is_kept_as_seen() -> None:
    found = smallest(Luck({}), Connect("c1"), Publish("t1"))
    assert [operation.name for operation in found.run.program.operations()] == ["connect", "publish"]
    assert (found.failed, found.counted) == (0, 100)


@pytest.mark.slow
def test_a_finding_is_on_disk_before_it_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever ends the gate after that: here, its report never comes."""

    def never(*_: object) -> None:
        raise RuntimeError

    subject = f"exec:{sys.executable} {ROOT / 'examples/exec/phantom.py'}"
    monkeypatch.setattr(exec_subject, "record", never)
    assert main(["gate", "--subject", subject, "-x", "--answer-within", "20"]) == 3
    first, *_, last = [line for line in capsys.readouterr().err.splitlines() if ": found after " in line]
    assert "; not made small yet)" in first
    assert main(["replay", last.rpartition("subwarden replay ")[2]]) == 1
