"""SIGINT, SIGTERM and SIGHUP end every command within five seconds, with all its processes, though the subject spins and takes no exception
for an answer.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from subwarden.cli.main import VERBS
from subwarden.stateful_tests.runs.replay import read
from subwarden.stateful_tests.tests.gate.test_gate_stops import SLACK, SPINS, WITHIN, runs
from subwarden.stateful_tests.tests.paths import DATA
from subwarden.stateful_tests.tests.processes import Process, started, wait_for

pytestmark = pytest.mark.slow

MORE = """

async def scenario():
    spin()


class Model:
    initial = 0
    operations = {"x": ("client",)}

    def step(self, state, name, arguments):
        spin()


def test_it(subwarden):
    subwarden.holds(Adapter)
"""
HISTORY = '{"history": 1}\n{"call": 1, "op": ["x", "c1"], "at": 1}\n{"return": 1, "at": 2}\n'
SUBJECT = ("--subject", "spins.py:Adapter")
OURS = ("-m", "subwarden")
COMMANDS: dict[str, tuple[str, ...]] = {
    "gate": (*OURS, "gate", *SUBJECT, "--jobs", "2"),
    "hunt": (*OURS, "hunt", *SUBJECT, "--jobs", "2", "--dir", "hunt"),
    "score": (*OURS, "score", "spins.py:Adapter", "--mutate", "kept.py", "--jobs", "2"),
    "explore": (*OURS, "explore", "spins.py:scenario"),
    "play": (*OURS, "play", *SUBJECT, "program.txt"),
    "replay": (*OURS, "replay", "run.json", *SUBJECT),
    "view": (*OURS, "view", "run.json", *SUBJECT),
    "check": (*OURS, "check", "log.jsonl", "--model", "spins.py:Model"),
    "pytest": ("-m", "pytest", "-q", "-p", "no:cacheprovider", "spins.py"),
}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def running(folder: Path, *words: str) -> Iterator[Process]:
    """The command in `folder`."""
    (folder / "spins.py").write_text(SPINS + MORE)
    (folder / "kept.py").write_text("def keep(made, key):\n    made.add(key)\n")
    (folder / "program.txt").write_text("A connect(c1)\n")
    (folder / "log.jsonl").write_text(HISTORY)
    run = replace(read(str(DATA / "hub" / "lost.txt")), subject="spins.py:Adapter")
    (folder / "run.json").write_text(json.dumps(run.encode()))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}  # so that pytest needs another process
    with started(sys.executable, *words, cwd=folder, env=environment, err=subprocess.STDOUT) as process:
        yield process


def group(leader: int) -> list[int]:
    """The processes of the group of `leader`."""
    listed = subprocess.run(["ps", "-A", "-o", "pgid=,pid="], capture_output=True, text=True, check=True).stdout.splitlines()
    return [int(words[1]) for words in map(str.split, listed) if int(words[0]) == leader]


def ended(process: Process, began: Callable[[], object], number: signal.Signals) -> tuple[float, list[int], str]:
    """The seconds from the signal to the end, the processes that are left, and the output."""
    wait_for(lambda: began() or process.poll() is not None)
    since = monotonic()
    process.send_signal(number)
    out, _ = process.communicate(timeout=3 * WITHIN)
    took = monotonic() - since
    with suppress(AssertionError):
        wait_for(lambda: not any(map(runs, group(process.pid))), SLACK)
    return took, [pid for pid in group(process.pid) if runs(pid)], out


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_signal_ends_it_with_all_its_processes(name: str, number: signal.Signals, tmp_path: Path) -> None:
    spinning = tmp_path / "spinning"
    with running(tmp_path, *COMMANDS[name]) as process:
        took, left, out = ended(process, spinning.exists, number)
    assert spinning.exists(), out
    assert took < WITHIN + SLACK
    assert left == []
    assert process.returncode not in (0, 1), "it holds nothing, and nothing is violated"
    assert "Traceback" not in out or name == "pytest"


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("verb", ["prove", "prove --jobs 2", "tour"])
def test_a_signal_ends_a_verb_that_runs_no_spinning_subject(verb: str, number: signal.Signals, tmp_path: Path) -> None:
    words = (*OURS, *verb.split(), "--connections", "3")
    with running(tmp_path, *words) as process:
        until = monotonic() + 3.0
        took, left, out = ended(process, lambda: monotonic() > until, number)
    assert took < WITHIN + SLACK
    assert left == []
    assert process.returncode not in (0, 1), out


def test_every_verb_that_takes_long_is_tried() -> None:
    assert set(VERBS) - set(COMMANDS) == {"tour", "prove", "report", "conform", "subjects", "new", "help", "completion"}
