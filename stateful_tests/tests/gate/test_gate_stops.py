"""A gate that is stopped tells and keeps what it has found, ends soon, and leaves no process behind. Each is a process of its own."""

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from subwarden.stateful_tests.runs.replay import read
from subwarden.stateful_tests.runs.saved import SAVED
from subwarden.stateful_tests.tests.processes import FOR_EVER, PATIENCE, SUBWARDEN, Process, started, wait_for, workers

WITHIN = 5.0  # seconds after a signal in which a gate must end
SLACK = 3.0  # seconds more for the interpreter to end on a busy machine

SPINS = f"""
import signal

signal.signal(signal.SIGALRM, lambda *_: None)


def spin():
    open("spinning", "w").close()
{FOR_EVER}

class Adapter:
    '''Its connect never ends, and takes no exception for an answer.'''

    def __init__(self, env):
        pass

    async def subscribe(self, client, topic):
        pass

    async def connect(self, client):
        spin()

    async def disconnect(self, client):
        pass

    def observe(self):
        return set()
"""


@contextmanager
def gating(folder: Path, subject: str, *arguments: str) -> Iterator[Process]:
    """A gate in `folder`; its standard error is the file `err`."""
    folder.mkdir()
    command = (*SUBWARDEN, "gate", "--subject", subject, "--json", "run.json", *arguments)
    with (folder / "err").open("w") as err, started(*command, cwd=folder, err=err) as process:
        yield process


def said(folder: Path) -> str:
    return (folder / "err").read_text()


def runs(pid: int) -> bool:
    """Whether there is such a process; one that has ended and whose parent has not looked does not count."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()
    return bool(state) and not state.startswith("Z")


def record(folder: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return made


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_soon_with_what_it_has_found(number: signal.Signals, tmp_path: Path) -> None:
    folder = tmp_path / "gate"
    with gating(folder, "source", "--level", "server", "--jobs", "2", "--budget", "10m") as process:
        wait_for(lambda: ": found after " in said(folder) and len(workers(process)) == 2)
        started = workers(process)
        began = monotonic()
        process.send_signal(number)
        out, _ = process.communicate(timeout=PATIENCE)
        took = monotonic() - began
    assert took < WITHIN + SLACK
    assert process.returncode == 1
    assert not any(map(runs, started))
    assert "Traceback" not in said(folder)
    assert "Stopped early" in out
    made = record(folder)
    assert made["stopped"] is True
    assert made["verdict"] == "violated"
    for finding in made["findings"]:
        assert f"subwarden replay {finding.get('short', finding['replay'])}\n" in out
    assert {read(str(path)).subject for path in (folder / SAVED).iterdir()} == {"source"}


def test_a_subject_that_spins_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    (tmp_path / "spins.py").write_text(SPINS)
    folder = tmp_path / "gate"
    with gating(folder, f"{tmp_path / 'spins.py'}:Adapter", "--jobs", "2") as process:
        wait_for((folder / "spinning").exists)
        started = workers(process)
        began = monotonic()
        process.terminate()
        out, _ = process.communicate(timeout=PATIENCE)
        took = monotonic() - began
    assert took < WITHIN + SLACK
    assert process.returncode == 2
    assert not any(map(runs, started))
    assert "inconclusive (no findings" in out


def test_a_subject_that_spins_does_not_keep_a_budget_from_ending(tmp_path: Path) -> None:
    (tmp_path / "spins.py").write_text(SPINS)
    folder = tmp_path / "gate"
    with gating(folder, f"{tmp_path / 'spins.py'}:Adapter", "--jobs", "1", "--budget", "1") as process:
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    why = " ".join(out.split()).partition("was ended: ")[2]
    assert why.startswith(("the subject is busy for ever", "it had "))  # the second where other processes hardly let it work


def test_a_worker_that_hardly_worked_does_not_blame_its_subject(tmp_path: Path) -> None:
    (tmp_path / "spins.py").write_text(SPINS)
    folder = tmp_path / "gate"
    with gating(folder, f"{tmp_path / 'spins.py'}:Adapter", "--jobs", "1", "--budget", "5") as process:
        wait_for((folder / "spinning").exists)
        for worker in workers(process):
            os.kill(worker, signal.SIGSTOP)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "s, since the machine is busy, or the subject waits outside its run" in " ".join(out.split())
    assert "busy for ever" not in out


def test_workers_go_when_the_gate_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "gate"
    with gating(folder, "source", "--level", "manager", "--jobs", "2", "--budget", "10m") as process:
        wait_for(lambda: ": found after " in said(folder) and len(workers(process)) == 2)
        started = workers(process)
        process.kill()
        process.wait()
        wait_for(lambda: not any(map(runs, started)), 30)


def test_the_child_of_an_exec_subject_goes_when_the_gate_is_killed(tmp_path: Path) -> None:
    """It does not read its input, whose end would tell it."""
    folder = tmp_path / "gate"
    command = f"sh -c {shlex.quote('echo $$ > pid.new; mv pid.new pid; sleep 1000')}"
    with gating(folder, f"exec:{command}", "--answer-within", "60") as process:
        wait_for((folder / "pid").exists)
        child = int((folder / "pid").read_text())
        assert runs(child)
        process.kill()
        process.wait()
        wait_for(lambda: not runs(child), 30)


def test_a_signal_ends_the_gate_of_an_exec_subject_and_its_child(tmp_path: Path) -> None:
    folder = tmp_path / "gate"
    command = f"sh -c {shlex.quote('trap : TERM HUP; echo $$ > pid.new; mv pid.new pid; while :; do sleep 1000; done')}"
    with gating(folder, f"exec:{command}", "--answer-within", "60") as process:
        wait_for((folder / "pid").exists)
        child = int((folder / "pid").read_text())
        began = monotonic()
        process.terminate()
        process.communicate(timeout=PATIENCE)
        assert monotonic() - began < WITHIN + SLACK
        assert process.returncode == 2
        wait_for(lambda: not runs(child), 10)
    assert "Traceback" not in said(folder)
