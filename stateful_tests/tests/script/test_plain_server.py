"""Scripts of plain asyncio for servers: runs that have none, golden scripts, the command, and the environment they use."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from subwarden.checking import causes
from subwarden.cli.main import main
from subwarden.impl.server.environment import Environment
from subwarden.model.server import requests as rq
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.replay import Replay
from subwarden.stateful_tests.script.run import scripted
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.tests.golden_files import golden
from subwarden.stateful_tests.tests.script.server_findings import clients, run_of, told_of
from subwarden.stateful_tests.tests.subjects.server_play import server


def test_the_order_any_has_no_script() -> None:
    run = FailingRun(Order.ANY, clients(rq.Resume(1, 1)), ["processor"], causes.UNSERVED)
    assert set(scripted(SERVER_LEVEL, told_of(run), "source", server("source"), run).values()) == {None}


def test_a_run_that_does_not_fail_has_no_claim() -> None:
    run = run_of("interrupt without a turn")
    with running():
        names = Runner(SERVER_LEVEL, server("manager"), Order.FIFO).guided(run.program, run.names)[1]
    made: Any = scripted(SERVER_LEVEL, told_of(run), "manager", server("manager"), run._replace(names=names))
    assert made["script"] is None
    assert made["script_doubt"] == "what is wrong with it is known to the model alone, and not to be seen from outside"


@pytest.mark.parametrize("name", ["interrupt without a turn", "a resume that subscribes last"])
def test_golden_scripts(name: str) -> None:
    run = run_of(name)
    told = told_of(run)
    made: Any = scripted(SERVER_LEVEL, told, "source", server("source"), run)
    golden(f"script_{run.cause.slug()}.txt", made["script"])


def test_replay_writes_the_script_and_runs_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, file = run_of("unsubscribe while an event is being sent"), tmp_path / "script.py"
    replay = Replay("source", Order.FIFO, run.program, tuple(run.names), run.cause.slug(), SERVER_LEVEL.name)
    assert main(["replay", replay.string(), "--script", str(file)]) == 1
    assert "fails on the stock event loop of Python" in " ".join(capsys.readouterr().out.split())
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert re.fullmatch(rf"P8 .*: {run.cause.said()}: c2 is sent \d+ after F\n", done.stderr)


def test_an_offered_event_happens_by_its_label_and_place() -> None:
    environment, happened = Environment(), list[str]()
    for word in ("first", "second"):
        environment.offer("x", lambda word=word: happened.append(word))  # type: ignore[misc]  # the usual way to bind it
    environment.offer("last", lambda: happened.append("last"), late=True)
    environment.may("x", lambda: happened.append("a fault"))
    assert not environment.happens("y")
    assert environment.happens("x", 3)
    assert environment.happens("x", 2)
    assert environment.something_happens()
    assert environment.something_happens()
    assert not environment.something_happens()
    assert not environment.happens("x")
    assert happened == ["a fault", "second", "first", "last"]
