"""SIGINT, SIGTERM and SIGHUP end a command with `--dask local`, at its beginning and at work: sent to it alone, or to all its processes."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from subwarden.stateful_tests.tests.gate.test_gate_stops import runs
from subwarden.stateful_tests.tests.processes import PATIENCE, SUBWARDEN, Process, started, wait_for, workers

pytestmark = pytest.mark.slow

LONG = """
import asyncio, subwarden

async def scenario():
    for _ in range(40):
        await asyncio.sleep(subwarden.choose([0, 1, 2]))
"""
HUNT = ("hunt", "--subject", "manager", "--dir", "hunt")
EXPLORE = ("explore", "long.py:scenario", "--budget", "600")
Tell = Callable[[Process, int], None]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def tell_one(process: Process, number: int) -> None:
    os.kill(process.pid, number)


def tell_all(process: Process, number: int) -> None:
    os.killpg(process.pid, number)


def family(first: int) -> dict[int, str]:
    """The command lines of the processes that descend from `first`, in whichever session, by number."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "ppid=,pid=,args="], capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [line.split(maxsplit=2) for line in listed]
    members = {first: ""}
    for _ in range(8):  # generations
        members |= {int(pid): " ".join(words) for parent, pid, *words in rows if int(parent) in members}
    return members


def at_work(process: Process) -> bool:
    """Whether a process beside a Dask worker works."""
    return any("cluster.child import" in words for words in family(process.pid).values())


def stopped(folder: Path, words: tuple[str, ...], until: Callable[[Process], object], tell: Tell, number: int) -> str:
    """What the command says, once the signal has ended it, with all its processes."""
    (folder / "long.py").write_text(LONG, encoding="utf-8")
    with started(*SUBWARDEN, *words, "--dask", "local", "--jobs", "2", "--json", "run.json", cwd=folder) as process:
        wait_for(partial(until, process))
        members = family(process.pid)
        tell(process, number)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in err) == (2, False), (out, err)
    wait_for(lambda: not any(map(runs, members)), 5.0)
    return out + err


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("tell", [tell_one, tell_all])
def test_one_that_comes_while_the_cluster_starts_is_not_lost(tell: Tell, number: int, tmp_path: Path) -> None:
    """It was ignored in this process, too, so that its workers would ignore it."""
    assert "stopped" in stopped(tmp_path, EXPLORE, workers, tell, number)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("words", [EXPLORE, HUNT], ids=lambda words: words[0])
def test_one_that_comes_at_work_ends_it_with_its_report(words: tuple[str, ...], number: int, tmp_path: Path) -> None:
    said = stopped(tmp_path, words, at_work, tell_all, number)
    record = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert record["verdict"] == "inconclusive"
    assert "stopped" in said
