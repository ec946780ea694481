"""Whatever is wrong with what a user gives, the answer is one line that says what, where and how to mend it, and exit code 3.

Never a traceback of ours, never silence, never a hang. What is wrong with a *manager* is a finding instead, if it can be judged at all.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from subwarden.checking import causes
from subwarden.checking.bad_observation import BadObservation
from subwarden.cli.main import main
from subwarden.scheduling.order import Order
from subwarden.scheduling.uncontrolled import UncontrolledSource
from subwarden.stateful_tests.exploring.check import Check, Explorer
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.runs.replay import MARK, read
from subwarden.stateful_tests.runs.saved import COMMITTED
from subwarden.stateful_tests.subjects.loading import load

SAVED = COMMITTED / "source-P2-a-closed-connection-is-live-again.json"
SHORT = Profile("short", examples=4, schedules=10, steps=9, derandomized=True)

SUBJECTS = """
import asyncio, time
from subwarden.impl.manager.manager import Manager
from subwarden.model.manager.state import Entry, State

class Nothing: pass

class WrongSignature(Manager):
    async def has_subscribers(self): ...

class ShowRaises(Manager):
    def show(self): raise KeyError("the maps")

class ShowLeaves(Manager):
    def show(self): raise SystemExit(0)

class ShowIsNoState(Manager):
    def show(self): return 42

class ShowIsHalfAState(Manager):
    def show(self): return super().show()._replace(subscribers=None)

class ShowRaisesLater(Manager):
    looks = 0
    def show(self):
        self.looks += 1
        if self.looks > 3: raise KeyError("the maps")
        return super().show()

class ShowOfALaterRaises(Manager):
    made = 0
    def __init__(self):
        super().__init__()
        type(self).made += 1
        self.late = self.made > 60
    def show(self):
        if self.late: raise KeyError("of a later one")
        return super().show()

class StartsAsNoState(Manager):
    starts_as = {}

class StartsAsAnother(Manager):
    starts_as = State(entries=((1, Entry(1)),), incarnations=1)

class NoLocks(Manager):
    def locks(self): return None

class MadeOnce(Manager):
    made = 0
    def __init__(self):
        MadeOnce.made += 1
        if MadeOnce.made > 1: raise RuntimeError("only one")
        super().__init__()

class MadeOften(Manager):
    made = 0
    def __init__(self):
        MadeOften.made += 1
        if MadeOften.made > 200: raise RuntimeError("no more")
        super().__init__()

class Often:
    made = 0
    def __init__(self):
        Often.made += 1
        if Often.made > 200: raise RuntimeError("no more")
        self.live, self.pairs = set(), set()
    async def connect(self, client): self.live.add(client)
    async def subscribe(self, client, topic):
        if client in self.live: self.pairs.add((client, topic))
        return client in self.live
    def observe(self): return self.pairs

def needs(argument): return Manager()
def raises(): raise ValueError("two\\nlines")
def leaves(): raise SystemExit(0)
def blocks(): time.sleep(60)
not_a_factory = 3

def doing(what):
    class Manager_(Manager):
        async def connection_initialized(self, connection_id):
            await super().connection_initialized(connection_id)
            await what()
    return Manager_

async def _executor(): await asyncio.get_running_loop().run_in_executor(None, len, "")
async def _socket(): await asyncio.open_connection("127.0.0.1", 9)
async def _exit(): raise SystemExit(0)
async def _interrupt(): raise KeyboardInterrupt
async def _raise(): raise LookupError("[bold]no[/bold]")
async def _hang(): await asyncio.Event().wait()
async def _leave(): asyncio.create_task(asyncio.Event().wait(), name="left")
async def _swallow():
    try: await _executor()
    except BaseException: pass

def late(what):
    class Manager_(Manager):
        calls = 0
        async def has_subscribers(self, thread_id):
            Manager_.calls += 1
            if Manager_.calls > 40: await what()
            return await super().has_subscribers(thread_id)
    return Manager_

LateSocket, LateExit, LateInterrupt = map(late, (_socket, _exit, _interrupt))

class LateShow(Manager):
    looks = 0
    seen = False
    def show(self):
        LateShow.looks += 1
        if LateShow.looks > 3_000 and self.seen: raise KeyError("the maps")
        self.seen = True
        return super().show()

Executor, Swallows, Socket, Exits, Raises, Hangs, Leaves = map(doing, (_executor, _swallow, _socket, _exit, _raise, _hang, _leave))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(SUBJECTS)
    (tmp_path / "broken.py").write_text("def (\n")
    (tmp_path / "binary.py").write_bytes(b"\x00\xff\x00")
    (tmp_path / "folder.py").mkdir()
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:  # each test loads its own
        if name in ("mine", "broken", "binary"):
            del sys.modules[name]


def one_line(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on standard error that `arguments` lead to, with exit code 3 and nothing on standard output."""
    try:
        code: int | str | None = main(arguments)
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    assert code == 3, (out, err)
    assert out == ""
    assert err.count("\n") == 1, err
    assert err.startswith("subwarden")
    assert "Traceback" not in err
    assert "internal error" not in err
    return err


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("nobody", "unknown subject 'nobody'; built-in subjects are manager, source, split-lock"),
        ("", "unknown subject ''"),
        (":", "unknown subject ':'"),
        ("mine.py:", "path/to/file.py:Factory"),
        ("missing.py:Manager", "there is no file missing.py; give a path"),
        ("folder.py:Manager", "there is no file folder.py"),
        ("no.such.module:Manager", "No module named 'no'; install it"),
        ("broken.py:Manager", "importing broken.py raised SyntaxError"),
        ("binary.py:Manager", "importing binary.py raised"),
        ("mine.py:Absent", "mine.py has no 'Absent'"),
        ("mine.py:not_a_factory", "mine.py has a non-callable 'not_a_factory'"),
        ("mine.py:needs", "needs() is called with nothing, for a manager that is no adapter: missing a required argument: 'argument'"),
        ("mine.py:raises", "raised ValueError: two; mend"),
        ("mine.py:leaves", "raised SystemExit: 0; mend"),
        ("mine.py:Nothing", "has no method connect, subscribe"),
        ("mine.py:WrongSignature", "has_subscribers must take (thread)"),
        ("mine.py:ShowRaises", "raised KeyError: 'the maps'"),
        ("mine.py:ShowIsNoState", "show() must return None or a model.manager.projection.Shown"),
        ("mine.py:ShowIsHalfAState", "show() must return None or a model.manager.projection.Shown"),
        ("mine.py:NoLocks", "locks() must return a dict"),
        ("mine.py:StartsAsNoState", "starts_as must be a model.manager.state.State, not dict"),
        ("mine.py:StartsAsAnother", "starts_as does not show what show() shows of a fresh manager"),
        ("mine.py:MadeOnce", "MadeOnce() raised RuntimeError: only one after it had made others; each run needs a fresh one"),
        ("mine.py:ShowRaisesLater", "show() raised KeyError: 'the maps'"),
        ("mine.py:ShowOfALaterRaises", "show() raised KeyError: 'of a later one'"),
        ("mine.py:Executor", "loop.run_in_executor brings an order that cannot be controlled; replace it"),
        ("mine.py:Swallows", "loop.run_in_executor brings an order that cannot be controlled; replace it"),
        ("mine.py:Socket", "brings an order that cannot be controlled; replace it"),
        ("mine.py:Exits", "an operation raised SystemExit(0)"),
    ],
)
def test_a_subject_that_cannot_be_checked(subject: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    err = one_line(capsys, "gate", "--subject", subject, "--profile", "dev", "--budget", "1", "--jobs", "1")
    assert said in err
    assert repr(subject) in err or f"subject {subject}:" in err


@pytest.mark.parametrize("verb", ["gate", "hunt"])
def test_a_subject_that_leaves_does_not_decide_the_exit_code(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    err = one_line(capsys, verb, "--subject", "mine.py:ShowLeaves", "--budget", "1", "--jobs", "1")
    assert "raised SystemExit(0); it must answer, or raise an Exception" in err


@pytest.mark.parametrize("verb", ["gate", "hunt"])
@pytest.mark.parametrize("factory", ["MadeOften", "Often"])
def test_a_factory_that_raises_after_many_calls_is_told_in_one_line(factory: str, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It does so where Hypothesis draws, which would rather complain that the subject is not the same each time."""
    err = one_line(capsys, verb, "--subject", f"mine.py:{factory}", "--budget", "5", "--jobs", "1")
    assert f"subject mine.py:{factory}: " in err
    assert "raised RuntimeError: no more" in err


@pytest.mark.parametrize(("factory", "error"), [("LateShow", BadObservation), ("LateSocket", UncontrolledSource)])
def test_what_cannot_be_judged_after_a_while_is_what_is_told(factory: str, error: type[BaseException]) -> None:
    with running():
        explorer = Explorer(Check(Order.FIFO, False), load(f"mine.py:{factory}"), SHORT, lambda: False, lambda _: None)
        with pytest.raises(error):
            for number in range(100):
                explorer.round(number, SHORT.examples)


@pytest.mark.parametrize(("factory", "error"), [("LateExit", SystemExit), ("LateInterrupt", KeyboardInterrupt)])
def test_a_subject_that_leaves_leaves_nothing_that_complains(factory: str, error: type[BaseException]) -> None:
    """Coroutines that were never awaited would add lines to the one that says what is wrong; here each is an error."""
    with running():
        explorer = Explorer(Check(Order.FIFO, False), load(f"mine.py:{factory}"), SHORT, lambda: False, lambda _: None)
        with pytest.raises(error):
            for number in range(100):
                explorer.round(number, SHORT.examples)
    del explorer
    gc.collect()


def test_a_folder_that_cannot_be_written_does_not_cost_a_gate_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".subwarden").write_text("", encoding="utf-8")
    assert main(["gate", "--subject", "mine.py:Raises", "--profile", "dev", "--budget", "1", "--jobs", "1"]) == 1
    out, err = capsys.readouterr()
    assert "connection_initialized raises LookupError" in out
    assert err.splitlines()[-1].startswith("subwarden gate: cannot save findings in .subwarden/corpus: ")


def test_a_factory_that_blocks_is_interrupted_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    err = one_line(capsys, "gate", "--subject", "mine.py:blocks")
    assert "blocks at " in err
    assert "in blocks; nothing there may wait" in err


@pytest.mark.parametrize(
    ("factory", "mechanism"),
    [
        ("Raises", causes.raised("connection_initialized", LookupError()).mechanism),
        ("Hangs", causes.DEADLOCK.mechanism),
        ("Leaves", causes.LEAKED_TASK.mechanism),
    ],
)
def test_a_manager_that_misbehaves_is_a_finding(factory: str, mechanism: str) -> None:
    with running():
        explorer = Explorer(Check(Order.FIFO, False), load(f"mine.py:{factory}"), SHORT, lambda: False, lambda _: None)
        explorer.round(0, SHORT.examples)
    assert [cause.mechanism for cause in explorer.outcome.findings] == [mechanism]


# --- replays


def changed(**keys: object) -> str:
    """The name of a file with a saved run in which `keys` are something else."""
    path = Path("changed.json")
    path.write_text(json.dumps({**json.loads(SAVED.read_text()), **keys}))
    return str(path)


def program(*tasks: list[object]) -> dict[str, object]:
    return {"tasks": list(tasks), "faults": []}


def string() -> str:
    return read(str(SAVED)).string()


@pytest.mark.parametrize("cut", [len(MARK), 20, -1, -10])
def test_a_string_that_was_cut_short(cut: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is damaged (cut short, or changed); copy the whole line again" in one_line(capsys, "replay", string()[:cut])


def test_a_string_that_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    whole = string()
    for at in range(len(MARK), len(whole), 7):
        other = "A" if whole[at] != "A" else "B"
        one_line(capsys, "replay", whole[:at] + other + whole[at + 1 :])
    for bad in (whole + "AAAA", whole + " and more", whole[:30] + "\u00e9" + whole[30:], whole[:30] + "*" + whole[30:]):
        assert "is damaged" in one_line(capsys, "replay", bad)


def test_a_string_of_another_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert "made by another version: this one reads" in one_line(capsys, "replay", "sw9-" + string().removeprefix(MARK))


def test_a_replay_of_another_subject(capsys: pytest.CaptureFixture[str]) -> None:
    err = one_line(capsys, "replay", string(), "--subject", "manager")
    assert "was made for subject source, not manager; leave --subject out" in err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x00\xff\xfe", "is not text"),
        (b"", "neither JSON nor a replay string"),
        (b"hello", "neither JSON nor a replay string"),
        (b"[" * 100_000, "neither JSON nor a replay string"),
        (b"[1]", "it is not a JSON object"),
        (b"{}", "it has no 'level'"),
        (b'{"replay": "junk"}', "is damaged"),
    ],
)
def test_a_file_that_is_no_replay(content: bytes, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_bytes(content)
    err = one_line(capsys, "replay", "file")
    assert f"replay: file {said}" in err or said in err
    assert "file" in err


@pytest.mark.parametrize(
    ("name", "said"), [("absent", "No such file"), ("folder.py", "Is a directory"), ("", "empty"), ("x" * 5_000, "...")]
)
def test_a_file_that_cannot_be_read(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    err = one_line(capsys, "replay", name)
    assert said in err
    assert len(err) < 300


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"level": 9}, "it is of level 9, which this version does not know"),
        ({"order": "lifo"}, "its order 'lifo' is none of fifo, any"),
        ({"order": []}, "its order [] is none of"),
        ({"schedule": "A"}, "its schedule is not a list of names"),
        ({"schedule": [1]}, "its schedule is not a list of names"),
        ({"subject": None}, "its subject and its cause must be strings"),
        ({"program": 7}, "a program has a list of tasks"),
        ({"program": program()}, "its program has no tasks"),
        ({"program": program([])}, "a task is a list of operations"),
        ({"program": program([["frobnicate", 1]])}, "unknown operation 'frobnicate'; known: connection_initialized"),
        ({"program": program([["thread_state", 1, 2]])}, "thread_state takes 1 arguments, not 2"),
        ({"program": program([["thread_state", True]])}, "True is not of type int"),
        ({"program": program([["thread_state", 1], ["state_track_event", "x"]])}, "'x' is not a valid TurnEvent"),
        ({"program": program([["thread_state", 1], ["state_set_listener", 77]])}, "conversations are numbered from 1 to 9"),
        ({"program": program([["state_clear_listener"]])}, "before it has a state"),
        ({"program": {"tasks": [[["thread_state", 1]]], "faults": [1]}}, "a fault names a task by its place, 0 to 0, not 1"),
        ({"subject": "gone.py:Manager"}, "there is no file gone.py"),
        (
            {"schedule": [*json.loads(SAVED.read_text())["schedule"], "A"]},
            "at step 5 the schedule wants 'A', but what can happen is nothing",
        ),
        ({"schedule": []}, "at step 1 the schedule has ended, but what can happen is +start A, +start B; find it anew"),
    ],
)
def test_a_replay_that_cannot_be_played(keys: dict[str, object], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    err = one_line(capsys, "replay", changed(**keys))
    assert said.split("; find it anew", maxsplit=1)[0] in err
    if "at step" in said:
        assert "find the run anew with `subwarden gate --subject source`" in err


# --- options


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gate", "--budget", "0"], "'0' is not a duration; write seconds"),
        (["gate", "--budget", "-5"], "--budget"),
        (["gate", "--budget", "soon"], "'soon' is not a duration"),
        (["gate", "--jobs", "0"], "'0' is not a whole number of at least 1"),
        (["gate", "--jobs", "two"], "'two' is not a whole number"),
        (["gate", "--profile", "huge"], "invalid choice: 'huge'"),
        (["gate", "--json", "no/such/folder/run.json"], "cannot write 'no/such/folder/run.json'; give a file in a folder that exists"),
        (["gate", "--json", "folder.py"], "cannot write 'folder.py'"),
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


# --- as processes: what a caller of the console script sees


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
def test_an_early_ctrl_c_is_told_in_a_line(when: str, folder: Path) -> None:
    """Before anything was found, it ends in the same way at any moment."""
    (folder / ("sitecustomize.py" if when != "later" else "mine.py")).write_text(INTERRUPTED if when != "later" else CTRL_C)
    done = subprocess.run(
        [Path(sys.executable).with_name("subwarden"), "gate", "--subject", "mine.py:Manager"],
        env={**os.environ, "PYTHONPATH": str(folder)},
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
    assert (done.returncode, done.stderr) == (3, "")


def test_a_schedule_that_diverges_half_way_leaves_no_noise_behind() -> None:
    done = subwarden("replay", changed(schedule=["+start A", "nobody"]))
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1, done.stderr
