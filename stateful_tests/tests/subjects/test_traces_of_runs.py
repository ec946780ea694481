"""Concurrent runs of our manager are behaviours of the TLA+ twin: TLC checks their traces."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from subwarden.cli.main import main
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.model.manager import operations as op
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.specimens.tlc import validate
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.subjects.manager.trace import Tracer
from subwarden.stateful_tests.tests.paths import CORPUS
from subwarden.stateful_tests.tests.proving.test_tla import WHY_NOT
from subwarden.stateful_tests.tla.traces import Binding, TraceStep

PROGRAM = ManagerProgram(
    (
        (op.ConnectionInitialized(1),),
        (op.TryEnsureConnectionSubscribed(1, 1, True), op.StateSetListener(1), op.StateTrackEvent(op.TurnEvent.TURN_STARTED)),
        (op.SetListener(1, 1, 1, False),),
        (op.RemoveListener(1),),
        (op.RemoveThreadState(1),),
        (op.ThreadState(1), op.StateSetListener(2)),
        (op.RemoveConnection(1),),
    )
)


def trace(runner: Runner, program: ManagerProgram, make: Callable[..., Any]) -> list[TraceStep]:
    """The trace of one run."""
    tracer = Tracer()
    runner.run(program, make, every_choice=True, observers=[tracer])
    return tracer.trace


@pytest.mark.slow
@pytest.mark.skipif(WHY_NOT is not None, reason=WHY_NOT or "")
def test_concurrent_runs_of_our_manager_are_behaviours_of_the_twin() -> None:
    """Some have calls that a teardown overtook: only concurrent runs reach that part of the twin."""
    walk = RandomWalk(Random(5))
    with running():
        traces = [trace(Runner(MANAGER_LEVEL, Manager, Order.ANY), PROGRAM, walk.begin) for _ in range(60)]
    assert all(len(steps) >= 7 for steps in traces)
    overtaken = [steps for steps in traces if any(step.binding is Binding.STALE for step in steps)]
    assert overtaken
    for steps in (*traces[:2], *overtaken[:2]):
        assert validate(steps).accepted


def test_the_trace_of_a_failing_run_ends_at_the_failure() -> None:
    """The source manager subscribes a connection that is not live; the model explains only the operation before."""
    program = ManagerProgram(((op.HasSubscribers(1),), (op.SetListener(1, 1, 1, False),), (op.HasSubscribers(1),)))
    with running():
        steps = trace(Runner(MANAGER_LEVEL, SourceManager, Order.FIFO), program, lambda _candidates: lambda _n: 0)
    assert [step.operation for step in steps] == [op.HasSubscribers(1)]


def test_replay_writes_a_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As ITF JSON or, for a name that ends in `.tla`, as a TLA+ module."""
    replay = str(CORPUS / "source-P2-a-closed-connection-is-live-again.json")
    assert main(["replay", replay, "--trace", str(tmp_path / "run.itf.json")]) == 1
    assert "1 operation" in capsys.readouterr().out
    itf = json.loads((tmp_path / "run.itf.json").read_text(encoding="utf-8"))
    assert len(itf["states"]) == 2
    assert main(["replay", replay, "--trace", str(tmp_path / "Trace.tla")]) == 1
    assert "MODULE Trace" in (tmp_path / "Trace.tla").read_text(encoding="utf-8")
