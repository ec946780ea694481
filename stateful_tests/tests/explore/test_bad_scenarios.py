"""A scenario that cannot be explored is refused in one line that names it, with exit code 3."""

from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.tests.cli.refusals import one_line

MINE = """
import asyncio
import socket
import subprocess
import threading

def plain():
    pass

async def needs(hub):
    pass

async def generator():
    yield 1

called = asyncio.sleep
not_a_function = 3

async def holds():
    await asyncio.sleep(0)

async def streams():
    await asyncio.open_connection("localhost", 80, ssl=True)

async def swallows():
    try:
        await asyncio.create_subprocess_exec("true")
    except Exception:
        pass

async def raw_socket():
    with socket.socket() as sock:
        sock.connect(("127.0.0.1", 9))

async def process():
    await asyncio.create_subprocess_exec("true")

async def blocking_process():
    subprocess.run(["true"])

async def thread():
    threading.Thread(target=print).start()

async def leaves():
    raise SystemExit(0)

async def another_loop():
    asyncio.new_event_loop().run_until_complete(asyncio.sleep(0))

makes_nothing = lambda: 3
"""


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of somebody's, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "broken.py").write_text("def (\n")


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        ("mine.py", "'mine.py' names no scenario; write path/to/file.py:NAME"),
        ("mine.py:", "names no scenario"),
        ("missing.py:holds", "there is no file missing.py"),
        ("broken.py:holds", "importing broken.py raised SyntaxError"),
        ("mine.py:absent", "mine.py has no 'absent'; it has "),
        ("mine.py:plain", "mine.py:plain is not async; a scenario is an `async def`"),
        ("mine.py:needs", "mine.py:needs: missing a required argument: 'hub'; a scenario takes no arguments"),
        ("mine.py:generator", "mine.py:generator is an async generator"),
        ("mine.py:not_a_function", "is not a function; give an `async def`"),
        ("mine.py:makes_nothing", "returned int, not a coroutine"),
        ("mine.py:streams", "mine.py:streams: the simulated network has no TLS; connect and serve without ssl= in a run"),
        ("mine.py:swallows", "loop.subprocess_exec"),
        ("mine.py:raw_socket", "socket.socket.connect"),
        ("mine.py:process", "subprocess_exec"),
        ("mine.py:blocking_process", "subprocess.Popen"),
        ("mine.py:thread", "threading.Thread.start"),
        ("mine.py:leaves", "mine.py:leaves raised SystemExit(0); it must return"),
    ],
)
def test_it_is_refused(scenario: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error, and nothing else."""
    assert said in one_line(capsys, "explore", scenario)


@pytest.mark.parametrize(
    ("replay", "said"),
    [
        ("sw1-abc", "'sw1-abc' is of another version or of another kind"),
        ("sx2-abc", "'sx2-abc' is of another version or of another kind"),
        ("hello", "'hello' is no replay of a scenario"),
        ("sx1-", "is damaged"),
        ("sx1-!!!!", "is damaged"),
        ("sx1-BqqEqAC", "is damaged"),
    ],
)
def test_a_damaged_replay_is_refused(replay: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the command that makes a new one, or the advice to copy it again."""
    assert said in one_line(capsys, "explore", "mine.py:holds", "--replay", replay)


def test_subwarden_replay_says_where_a_run_of_a_scenario_belongs(capsys: pytest.CaptureFixture[str]) -> None:
    """The string does not name the scenario."""
    assert "subwarden explore FILE.py:NAME --replay sx1-BqqEqA" in one_line(capsys, "replay", "sx1-BqqEqA")


def test_a_replay_of_other_code_is_inconclusive(capsys: pytest.CaptureFixture[str]) -> None:
    """The run holds, but it is not the run that was recorded."""
    assert main(["explore", "mine.py:holds", "--replay", "sx1-BqqEqA"]) == 2
    assert "takes other steps than when the replay was made" in capsys.readouterr().out
