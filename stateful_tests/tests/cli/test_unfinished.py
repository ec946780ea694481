"""A command whose process code of the subject ends in the middle, past all of Python, never looks as if it had come to its end."""

import os
import re
import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest

from subwarden.stateful_tests.tests.processes import PATIENCE, SUBWARDEN, started, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "sigwaitinfo"), reason="no command is watched over here"),
]

MINE = """
import asyncio
import ctypes

async def ends():
    order = []

    async def append(name):
        await asyncio.sleep(0)
        order.append(name)

    await asyncio.gather(append(1), append(2))
    if order == [2, 1]:  # in order `any`, and soon
        ctypes.CDLL(None)._exit(0)

async def waits():
    open("waits", "x").close()
    while True:
        pass
"""
LEAVES = "import ctypes\nctypes.CDLL(None)._exit(0)\n"
HISTORY = '{"history": 1}\n{"call": 1, "op": ["x", "c1"], "at": 1}\n{"return": 1, "at": 2}\n'


def ran(folder: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run([*SUBWARDEN, *words], cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def has_gone(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0] == "Z"
    except OSError:
        return True


def test_an_exploration_in_one_process_finds_the_run_that_ends_it(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    code, said = ran(tmp_path, "explore", "mine.py:ends")
    assert code == 1
    ended = "its process ended with exit code 0 before it was at its end; again, with --jobs 2, to see which run does that"
    assert f"subwarden explore: {ended}" in said
    assert "mine.py:ends ends the process that runs it: in order any, each of three workers ended with exit code 0" in said
    replay = re.findall(r"--replay (\S+)", said)[0]
    code, said = ran(tmp_path, "explore", "mine.py:ends", "--replay", replay)
    assert (code, "it ended with exit code 0" in said) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ("gate", "--subject", "leaves.py:Mine"),
        ("hunt", "--subject", "leaves.py:Mine", "--budget", "2"),
        ("play", "--subject", "leaves.py:Mine", "program.txt"),
        ("check", "log.jsonl", "--model", "leaves.py:Model"),
        ("explore", "leaves.py:mine", "--jobs", "2"),
        ("explore", "leaves.py:mine"),
        ("tour", "--subject", "leaves.py:Mine"),
    ],
    ids=lambda words: " ".join(words[:4]),
)
def test_any_other_command_says_that_it_has_no_verdict(words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "leaves.py").write_text(LEAVES, encoding="utf-8")
    (tmp_path / "program.txt").write_text("A connect(c1)\n", encoding="utf-8")
    (tmp_path / "log.jsonl").write_text(HISTORY, encoding="utf-8")
    code, said = ran(tmp_path, *words)
    assert code == 3
    died = "its process ended with exit code 0 before it was at its end"
    assert said.endswith(f"subwarden {words[0]}: {died}; code of the subject ended it; there is no verdict")


def test_a_command_that_is_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    for number, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGQUIT, -signal.SIGQUIT), (signal.SIGTERM, 2)):
        (tmp_path / "waits").unlink(missing_ok=True)
        with started(*SUBWARDEN, "explore", "mine.py:waits", cwd=tmp_path) as process:
            wait_for((tmp_path / "waits").exists)
            (copy,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8").split()
            os.kill(process.pid, number)
            assert process.wait(PATIENCE) == code
            wait_for(partial(has_gone, copy))
