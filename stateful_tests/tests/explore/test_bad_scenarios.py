"""A scenario that cannot be explored is refused in one line that names it, with exit code 3."""

import asyncio
import contextlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import subwarden
from subwarden.cli.main import main
from subwarden.stateful_tests.subjects import watched_load
from subwarden.stateful_tests.tests.cli.refusals import one_line

MINE = """
import asyncio
import queue
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

async def sends_by_itself():
    one, _ = socket.socketpair()
    with one, _:
        one.sendall(b"x")

async def sends_past_the_loop():
    loop = asyncio.get_running_loop()
    async with await asyncio.start_server(lambda reader, writer: writer.close(), "localhost", 80):
        with socket.socket() as sock:
            sock.setblocking(False)
            await loop.sock_connect(sock, ("localhost", 80))
            sock.send(b"x")

async def reads_by_itself():
    one, _ = socket.socketpair()
    with one, _:
        one.setblocking(False)
        one.recv(1)

async def connected_before():
    one, _ = socket.socketpair()
    with one, _:
        one.setblocking(False)
        await asyncio.get_running_loop().sock_sendall(one, b"x")

async def uses_uvloop():
    import uvloop
    uvloop.new_event_loop()

async def changes_the_policy():
    asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())

async def process():
    await asyncio.create_subprocess_exec("true")

async def blocking_process():
    subprocess.run(["true"])

async def thread():
    threading.Thread(target=print).start()

async def another_loop():
    asyncio.new_event_loop().run_until_complete(asyncio.sleep(0))

async def another_in_a_job():
    await asyncio.to_thread(asyncio.run, asyncio.sleep(1))

async def job_asks_the_loop():
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(asyncio.sleep(1), loop).result(5))

async def job_waits_for_an_item():
    items = queue.Queue()
    job = asyncio.create_task(asyncio.to_thread(items.get))
    await asyncio.sleep(1)
    items.put(1)
    await job

async def job_asks_through_anyio():
    import anyio
    await anyio.to_thread.run_sync(anyio.from_thread.run_sync, print)

async def job_asks_through_asgiref():
    from asgiref.sync import async_to_sync, sync_to_async
    await sync_to_async(async_to_sync(asyncio.sleep))(1)

async def job_never_ends():
    lock = threading.Lock()
    lock.acquire()
    await asyncio.to_thread(lock.acquire)

makes_nothing = lambda: 3
"""


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of somebody's, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "broken.py").write_text("def (\n")


A_JOB_WAITS = (
    "a job of an executor waits for another thread or for the loop, but jobs run on the loop's own thread here; let it return, and "
    "await in the scenario instead"
)


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
        ("mine.py:sends_by_itself", "socket.socket.sendall"),
        ("mine.py:sends_past_the_loop", "socket.socket.send "),
        ("mine.py:reads_by_itself", "socket.socket.recv "),
        ("mine.py:connected_before", "a socket that is connected already carries bytes that nobody can schedule"),
        ("mine.py:changes_the_policy", "asyncio.set_event_loop_policy changes what comes after the run"),
        (
            "mine.py:another_in_a_job",
            "another event loop, such as that of asyncio.run in a thread, waits by a clock",
        ),
        ("mine.py:job_asks_the_loop", f"{A_JOB_WAITS} (mine.py:"),
        ("mine.py:job_waits_for_an_item", f"{A_JOB_WAITS} (executor runs Queue.get)"),
        ("mine.py:job_asks_through_anyio", f"{A_JOB_WAITS} (anyio/"),
        ("mine.py:job_asks_through_asgiref", f"{A_JOB_WAITS} (asgiref/"),
        ("mine.py:process", "subprocess_exec"),
        ("mine.py:blocking_process", "subprocess.Popen"),
        ("mine.py:thread", "threading.Thread.start"),
    ],
)
def test_it_is_refused_by_explore(scenario: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error, and nothing else."""
    assert said in one_line(capsys, "explore", scenario)


@pytest.mark.slow
def test_a_job_that_does_not_end_is_no_step_that_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    """It waits for a lock of threads, which nobody sees, so this takes two seconds."""
    assert "a job of an executor goes on and on; " in one_line(capsys, "explore", "mine.py:job_never_ends")


def test_a_module_that_serves_when_it_is_imported_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without `if __name__ == "__main__":`. It is given ten seconds, as imports take long on a busy machine; here one."""
    monkeypatch.setattr(watched_load, "PATIENCE", 1.0)
    (tmp_path / "serves.py").write_text("import asyncio\nasync def main():\n    await asyncio.sleep(60)\nasyncio.run(main())\n")
    said = one_line(capsys, "explore", "serves.py:main")
    assert "importing it runs an event loop, at serves.py:4 in <module>" in said.replace(f"{tmp_path}/", "")
    assert said.strip().endswith('put that below `if __name__ == "__main__":`')


def test_uvloop_is_refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A module in its place, so that the test needs no package: the functions have uvloop's names."""
    stand_in: Any = ModuleType("uvloop")
    stand_in.new_event_loop = asyncio.new_event_loop
    monkeypatch.setitem(sys.modules, "uvloop", stand_in)
    assert "uvloop shows no ready queue" in one_line(capsys, "explore", "mine.py:uses_uvloop")


REFUSED = ("streams", "swallows", "raw_socket", "sends_by_itself", "connected_before", "process", "blocking_process", "thread")


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_a_test_in_run_and_in_an_application(name: str) -> None:
    """By the same line, with the place."""
    mine: dict[str, Any] = {}
    exec(compile(MINE, "mine.py", "exec"), mine)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await mine[name]()

    async def asked() -> None:
        async with subwarden.asgi(app) as client:
            with contextlib.suppress(Exception):
                await client.request("GET", "/")

    with pytest.raises(subwarden.BadScenario, match=r": .* \((.*/)?mine\.py:\d+\)$") as told:
        subwarden.test(mine[name])()
    line = str(told.value).partition(": ")[2]
    with pytest.raises(RuntimeError) as in_run:
        subwarden.run(mine[name]())
    assert str(in_run.value) == line
    with pytest.raises(subwarden.BadScenario) as in_application:
        subwarden.explore(asked)
    assert str(in_application.value).endswith(line)


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
