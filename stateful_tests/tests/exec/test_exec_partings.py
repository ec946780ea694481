"""The page of a finding on a process: where the run was lost, and the run that holds beside it."""

import sys
from typing import Any

import pytest

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.model.core.step import Connect, CoreOperation, Disconnect, Subscribe, Unsubscribe
from subwarden.stateful_tests.exec.gate import AMOUNTS, explore
from subwarden.stateful_tests.exec.pictured.parted import ITSELF, WAITING, add_partings
from subwarden.stateful_tests.exec.play import ExecRun
from subwarden.stateful_tests.exec.program import ExecProgram, ExecTask
from subwarden.stateful_tests.exec.record import run_record
from subwarden.stateful_tests.exec.runner import ExecRunner
from subwarden.stateful_tests.tests.paths import ROOT

PHANTOM = f"{sys.executable} {ROOT / 'examples' / 'exec' / 'phantom.py'}"
HASTY = f"{sys.executable} {ROOT / 'examples' / 'exec' / 'threads.py'} --hasty"
TRIES = 200


def traced(command: str, cause: Cause, run: ExecRun) -> Any:
    record: Any = run_record(run, cause)
    add_partings(command, 5.0, [(cause, run, record)])
    return record


def test_of_a_process_that_is_scheduled_the_step_that_lost_the_run_is_found() -> None:
    with ExecRunner(PHANTOM, 5.0) as runner:
        outcome = explore(runner, AMOUNTS["dev"], 0, None, lambda *_: None, most=1)
    ((cause, finding),) = outcome.findings.items()
    assert cause == causes.SUBSCRIBED_DEAD
    record = traced(PHANTOM, cause, finding.run)
    trace, holds = record["trace"], record["trace"]["holds"]
    assert trace["every"]
    assert trace["lost_at"] == holds["common"] + 1 < len(record["steps"])
    same = holds["common"]
    assert [row["did"] for row in holds["steps"][:same]] == [row["did"] for row in record["steps"][:same]]
    assert holds["steps"][same]["did"] != record["steps"][same]["did"]
    assert "c1 not live" in record["steps"][same]["changed"], "the disconnect is what cannot be made good"
    assert all(not row["broken"] for row in holds["steps"])
    assert len(holds["trace"]["moments"]) == len(holds["steps"]) + 1
    outside = [moment["outside"] for moment in trace["moments"][1:]]
    assert outside == [row["did"][0].startswith("calls ") for row in record["steps"]]


@pytest.mark.slow  # until two threads happen to meet
def test_beside_a_run_of_a_process_that_schedules_itself_stands_one_that_held() -> None:
    calls: tuple[CoreOperation, ...] = (Subscribe("c1", "t1"), Unsubscribe("c1", "t1"))
    program = ExecProgram((Connect("c1"),), (ExecTask("A", calls), ExecTask("B", (Disconnect("c1"),))))
    with ExecRunner(HASTY, 5.0) as runner:
        run = next(run for _ in range(TRIES) if (run := runner.run(program)).broken is not None)
    assert run.broken is not None
    trace = traced(HASTY, run.broken.cause, run)["trace"]
    assert trace["lost_at"] is None
    assert trace["unsearched"].startswith(ITSELF)
    if trace["holds"] is not None:
        assert all(not row["broken"] for row in trace["holds"]["steps"])


def test_a_run_that_waits_for_the_whole_limit_is_not_tried_again() -> None:
    with ExecRunner(PHANTOM, 5.0) as runner:
        outcome = explore(runner, AMOUNTS["dev"], 0, None, lambda *_: None, most=1)
    ((cause, finding),) = outcome.findings.items()
    record: Any = run_record(finding.run, cause)
    add_partings("no such program", 5.0, [(causes.BLOCKED, finding.run, record)])
    assert record["trace"]["unsearched"] == WAITING.why
    add_partings("/no/such/program", 5.0, [(cause, finding.run, record)])
    assert "there is no program /no/such/program" in record["trace"]["unsearched"]
    assert record["trace"]["lost_at"] is None
