"""Impossible options are refused in one line with exit code 3, also by a process of its own that is interrupted or not read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from subwarden.stateful_tests.tests.cli.refusals import SAVED, changed, one_line

pytestmark = pytest.mark.usefixtures("bad_files")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gate", "--budget", "0"], "'0' is not a duration; write seconds"),
        (["gate", "--budget", "-5"], "--budget"),
        (["gate", "--budget", "soon"], "'soon' is not a duration"),
        (["gate", "--max-memory", "much"], "'much' is no amount of memory of 100M at least"),
        (["explore", "a.py:b", "--max-memory", "1k"], "'1k' is no amount of memory of 100M at least; write a number with M or G"),
        (["gate", "--jobs", "0"], "'0' is not a whole number of at least 1"),
        (["gate", "--jobs", "two"], "'two' is not a whole number"),
        (["gate", "--profile", "huge"], "invalid choice: 'huge'"),
        (["gate", "--json", "no/such/folder/run.json"], "cannot write 'no/such/folder/run.json'; give a file in a folder that exists"),
        (["gate", "--json", "folder.py"], "cannot write 'folder.py'"),
        (["prove", "--dir", ""], "argument --dir: '' is no folder; give its path"),
        (["prove", "--resume", " "], "argument --resume: ' ' is no folder"),
        (["hunt", "--dir", ""], "argument --dir: '' is no folder"),
        (["hunt", "--resume", ""], "argument --resume: '' is no folder"),
        (["report", "--history", ""], "argument --history: '' is no folder"),
        (["gate", "--colour"], "unrecognized arguments: --colour"),
        (["gate", "--subject"], "expected one argument"),
        (["replay"], "the following arguments are required"),
        (["frobnicate"], "invalid choice: 'frobnicate'"),
        ([], "required: COMMAND"),
    ],
)
def test_an_impossible_option(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    err = one_line(capsys, *arguments)
    assert said in err
    assert "--help" in err


def subwarden(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "from subwarden.cli.main import entry; entry()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_process_says_one_line_and_exits_with_3() -> None:
    for arguments in (["gate", "--subject", "mine.py:Nothing"], ["replay", "absent"], ["gate", "--jobs", "0"]):
        done = subwarden(*arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1), done


INTERRUPTED = """
import os, signal, sys

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "hypothesis":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
"""
CTRL_C = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)"


@pytest.mark.parametrize("when", ["while modules are imported", "later"])
def test_an_early_ctrl_c_is_told_in_a_line(when: str, bad_files: Path) -> None:
    """Before anything was found, it ends in the same way at any moment."""
    (bad_files / ("sitecustomize.py" if when != "later" else "mine.py")).write_text(INTERRUPTED if when != "later" else CTRL_C)
    done = subprocess.run(
        [Path(sys.executable).with_name("subwarden"), "gate", "--subject", "mine.py:Manager"],
        env={**os.environ, "PYTHONPATH": str(bad_files)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "subwarden: stopped\n")


def test_a_report_that_nobody_reads_is_no_fault_of_the_subject() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-c", "from subwarden.cli.main import entry; entry()", "replay", str(SAVED)]
    done = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    os.close(writes)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_schedule_that_diverges_half_way_leaves_no_noise_behind() -> None:
    done = subwarden("replay", changed(schedule=["+start A", "nobody"]))
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1, done.stderr
