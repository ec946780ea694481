"""`subwarden hunt` from arguments to exit code, with real workers: stopped, killed, resumed, and the same twice."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import permutations
from multiprocessing import Pipe
from pathlib import Path
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any

import pytest

from subwarden.checking.causes import REVIVED
from subwarden.checking.finding import Finding
from subwarden.cli.main import main
from subwarden.model.manager.operations import ConnectionInitialized, RemoveConnection
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import CHECKS, checks_of
from subwarden.stateful_tests.gate.signals import ENDING, interruptible
from subwarden.stateful_tests.hunt import hunt
from subwarden.stateful_tests.hunt.folder import JOURNAL, Folder
from subwarden.stateful_tests.hunt.hunt import checks_in
from subwarden.stateful_tests.hunt.work import Kept, Totals, Work
from subwarden.stateful_tests.hunt.worker_slot import MOST, WorkerSlot
from subwarden.stateful_tests.runs.replay import read
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

SUBWARDEN = Path(sys.executable).with_name("subwarden")
PATIENCE = 120.0  # seconds until a test gives up; nothing is measured


def journal(folder: Path) -> list[dict[str, Any]]:
    try:
        return Folder(folder)._lines()
    except Exception:
        return []  # it has not begun


def files(folder: Path) -> dict[str, Any]:
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("P*.json"))}


def wait_for(what: Callable[[], object]) -> None:
    until = monotonic() + PATIENCE
    while not what():
        assert monotonic() < until
        sleep(0.05)


@contextmanager
def hunting(
    folder: Path, *arguments: str, subject: tuple[str, ...] = ("source", "--level", "manager")
) -> Iterator["subprocess.Popen[str]"]:
    """A hunt, of the seed if not said otherwise, with a process group of its own, as in a terminal."""
    command = [str(SUBWARDEN), "hunt", "--subject", *subject, "--dir", str(folder), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def found(folder: Path) -> bool:
    return any("found" in line for line in journal(folder))


def workers(folder: Path) -> list[int]:
    """The processes of workers, those of later ones last."""
    lines = journal(folder)
    return [pid for line in lines for pid in line.get("workers", [])] + [line["pid"] for line in lines if "again" in line]


def test_the_same_hunt_twice_finds_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Findings, files and counts, down to which strategy brought what."""
    for name in ("one", "two"):
        arguments = ["--jobs", "2", "--order", "fifo", "--seed", "5", "--rounds", "1", "--dir", str(tmp_path / name)]
        assert main(["hunt", "--subject", "source", "--level", "manager", *arguments]) == 1
    capsys.readouterr()
    one, two = files(tmp_path / "one"), files(tmp_path / "two")
    assert one
    assert one == two
    assert all(finding["shrunk"] for finding in one.values())
    totals = [Folder(tmp_path / name).totals() for name in ("one", "two")]
    assert totals[0].whole.strategies == totals[1].whole.strategies
    assert totals[0].ends["manager, fifo"].encode() == totals[1].ends["manager, fifo"].encode()
    assert totals[0].rounds == {0: 1, 1: 1}


def test_resuming_goes_on_with_counts_rounds_and_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    assert (
        main(
            [
                "hunt",
                "--subject",
                "source",
                "--level",
                "1",
                "--jobs",
                "1",
                "--rounds",
                "1",
                "--dir",
                str(tmp_path / "hunt"),
                "--order",
                "fifo",
            ]
        )
        == 1
    )
    before, was = Folder(tmp_path / "hunt").totals(), files(tmp_path / "hunt")
    capsys.readouterr()
    assert main(["hunt", "--resume", str(tmp_path / "hunt"), "--jobs", "1", "--rounds", "1", "--json", str(out)]) == 1
    record = json.loads(out.read_text(encoding="utf-8"))
    told = capsys.readouterr().err.splitlines()[0]
    assert told.endswith(f"going on after {before.whole.schedules:,} schedules with {len(was)} known finding{'s' * (len(was) != 1)}")
    assert record["schedules"] == before.whole.schedules + record["session"]["schedules"]
    assert record["rounds"] == 2
    for of in record["coverage"].values():
        assert of["end_states"]["runs"] == of["schedules"], "how the runs of earlier sessions ended is not forgotten"
    assert len(record["findings"]) >= len(was)
    for name, data in was.items():
        assert files(tmp_path / "hunt")[name]["order"] == data["order"], "known findings stay"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_and_the_like_keep_all_and_report(number: signal.Signals, tmp_path: Path) -> None:
    folder = tmp_path / "hunt"
    with hunting(folder, "--jobs", "2", "--budget", "1h") as process:
        wait_for(lambda: found(folder))
        os.killpg(process.pid, number)  # as the terminal does: to the workers too
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "was killed" not in err
    assert "Traceback" not in err
    assert "stopped by hand" in out
    kept = files(folder)
    assert kept
    assert all(read(str(folder / name)).subject == "source" for name in kept)
    assert journal(folder)[-1] == {"ended": "stopped"}


@pytest.mark.parametrize("all_of_it", [False, True])
def test_a_reader_that_goes_away_ends_it_as_ctrl_c_does(all_of_it: bool, tmp_path: Path) -> None:
    """`2>&1 | head -1`, and the same of standard error alone. It was taken for a worker that is lost."""
    folder = tmp_path / "hunt"
    reads, writes = os.pipe()
    command = [str(SUBWARDEN), "hunt", "--subject", "source", "--level", "manager", "--jobs", "2", "--budget", "1h", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=writes if all_of_it else subprocess.PIPE, stderr=writes, text=True)
    os.close(writes)
    try:
        with open(reads, encoding="utf-8") as reader:
            assert "found P" in reader.readline()
        out, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 1
    assert all_of_it or "stopped by hand" in out
    assert files(folder)
    assert journal(folder)[-1] == {"ended": "stopped"}
    assert not any("lost" in line for line in journal(folder))


def test_under_nohup_a_terminal_may_be_closed() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible(ENDING) as interrupted:
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
        assert interrupted == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("subject", ["examples/rooms.py:Adapter", "examples/seats.py:Overbooked"])
def test_an_adapter_is_hunted_stopped_and_gone_on_with(subject: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "hunt"
    with hunting(folder, "--jobs", "1", "--budget", "1h", subject=(subject,)) as process:
        wait_for(lambda: files(folder))
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert "stopped by hand" in out
    assert all(read(str(folder / name)).subject == subject for name in files(folder))
    assert main(["hunt", "--resume", str(folder), "--budget", "0.5", "--jobs", "1"]) == 1
    out = capsys.readouterr().out
    assert f"subject {subject}: violated (1 finding" in out
    assert ("not judged: publish: it has no such method" in out) is ("rooms" in subject)


def test_another_takes_the_place_of_a_killed_worker(tmp_path: Path) -> None:
    folder = tmp_path / "hunt"
    with hunting(folder, "--jobs", "2", "--budget", "1h") as process:
        wait_for(lambda: workers(folder) and found(folder))
        victim, other = workers(folder)
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: len(workers(folder)) == 3)
        at = len(journal(folder))
        wait_for(lambda: any("did" in line and line["did"]["work"] for line in journal(folder)[at + 1 :]))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert [line["lost"] for line in journal(folder) if "lost" in line] == [0]
    for text in (out, err):
        (said,) = [line for line in text.splitlines() if "worker 0 was killed (signal 9) in round" in line]
        assert "another takes its place" in said
    assert process.returncode == 1
    assert files(folder)
    for pid in (other, workers(folder)[2]):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_place_in_which_all_are_killed_is_given_up_and_the_hunt_is_resumable(tmp_path: Path) -> None:
    folder = tmp_path / "hunt"
    with hunting(folder, "--jobs", "1", "--budget", "1h", "--order", "any") as process:
        wait_for(lambda: workers(folder) and found(folder))
        for killed in range(1 + MOST):
            wait_for(lambda killed=killed: len(workers(folder)) > killed)  # type: ignore[misc]
            os.kill(workers(folder)[killed], signal.SIGKILL)
            wait_for(lambda killed=killed: len([line for line in journal(folder) if "lost" in line]) > killed)  # type: ignore[misc]
            if process.poll() is not None or any("ended" in line for line in journal(folder)):
                break
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "there is no other" in out
    assert "no worker came to its end" in out
    assert main(["hunt", "--resume", str(folder), "--jobs", "1", "--rounds", "1"]) == 1
    assert all(finding["shrunk"] for finding in files(folder).values()), "what was cut short is made small first"


@pytest.mark.parametrize(
    ("words", "taken"), [((True,) * 9, MOST), ((True, False, False), 2), ((False, False), 1), ((False, True, False), 3)]
)
def test_a_place_is_not_taken_for_ever(words: tuple[bool, ...], taken: int) -> None:
    """Nor twice by workers that do not even begin. `words`: whether each of them says one before it is killed."""
    place, starts = WorkerSlot(0, {}), 0
    for spoke in words:
        place.spoke = spoke
        if not place.may_be_taken():
            break
        starts += 1
    assert starts == taken


DIES = """
import os
from subwarden.impl.manager.manager import Manager

class Mine(Manager):
    async def has_subscribers(self, thread_id):
        os._exit(7)
"""


@pytest.mark.parametrize("how", [("--budget", "8"), ("--rounds", "1")])
def test_what_kills_its_workers_does_not_hold(how: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Others go on where they were killed, and may come to an end."""
    subject = tmp_path / "mine.py"
    subject.write_text(DIES, encoding="utf-8")
    arguments = ["--subject", f"{subject}:Mine", "--order", "fifo", "--jobs", "1", *how, "--dir", str(tmp_path / "hunt")]
    assert main(["hunt", *arguments]) == 2
    out, err = capsys.readouterr()
    assert "worker 0 ended with exit code 7 in round 0; its findings are kept; another takes its place" in err
    assert "inconclusive (no findings" in out


def test_with_rounds_another_does_what_the_killed_one_would_have_done(tmp_path: Path) -> None:
    """Also when the one was started here and the other by the script."""
    arguments = ["--jobs", "2", "--order", "fifo", "--seed", "5", "--rounds", "1"]
    assert main(["hunt", "--subject", "source", "--level", "manager", *arguments, "--dir", str(tmp_path / "whole")]) == 1
    with hunting(tmp_path / "killed", *arguments) as process:
        wait_for(lambda: workers(tmp_path / "killed") and found(tmp_path / "killed"))
        os.kill(workers(tmp_path / "killed")[0], signal.SIGKILL)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "another takes its place" in out
    assert "all rounds are done" in out
    assert files(tmp_path / "killed") == files(tmp_path / "whole")
    one, two = (Folder(tmp_path / name).totals() for name in ("whole", "killed"))
    assert one.rounds == two.rounds == {0: 1, 1: 1}
    assert one.whole.strategies == two.whole.strategies
    assert one.ends["manager, fifo"].encode() == two.ends["manager, fifo"].encode()


def test_workers_that_do_not_end_are_ended_and_make_it_inconclusive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subject whose steps block: nothing found is not that nothing is wrong."""
    monkeypatch.setattr(hunt, "GRACE", 0.0)
    monkeypatch.setattr(hunt, "PATIENCE", 0.0)
    subject = "subwarden.stateful_tests.specimens.manager_defects.progress:SleepsForReal"
    assert main(["hunt", "--subject", subject, "--budget", "0.001", "--jobs", "1", "--dir", str(tmp_path / "hunt")]) == 2
    out, err = capsys.readouterr()
    assert "worker 0 did not end when its time was over, and was ended" in err
    assert "inconclusive (no findings" in out


def test_what_a_worker_said_before_it_was_killed_is_heard(tmp_path: Path) -> None:
    """It died between two looks around: what it had found is in the pipe still."""

    class Dead:
        exitcode = -9

        def join(self) -> None:
            pass

        def is_alive(self) -> bool:
            return False

    program = ManagerProgram(((ConnectionInitialized(1),), (RemoveConnection(1),)))
    kept = Kept(Finding(REVIVED, Order.FIFO, False, program, ("+start A",), (2, 0), "manager"), False, "surw")
    said: list[str] = []
    listener: Any = SimpleNamespace(say=said.append)
    with closing(Folder(tmp_path)) as folder:
        folder.begin({"subject": "source", "seed": 0, "order": "all"})
        session = hunt.Hunt(hunt.Plan("source", CHECKS, 1, 0, 1.0, None), folder, Totals(), {}, listener)
        ours, theirs = Pipe()
        session._pipes[ours], session._processes[0], session._places[0].lost = 0, Dead(), MOST
        theirs.send(("work", {CHECKS[0].name: Work(programs=1, schedules=9)}))
        theirs.send(("found", kept))
        theirs.close()
        session._listen(ours)
    assert session.findings == {REVIVED: kept}
    assert (session.totals.whole.schedules, len(files(tmp_path)), len(said)) == (9, 1, 2)
    assert "worker 0 was killed (signal 9)" in said[1]
    assert not session._pipes


def test_the_best_evidence_is_kept_whichever_worker_is_last(tmp_path: Path) -> None:
    program = ManagerProgram(((ConnectionInitialized(1),), (RemoveConnection(1),)))
    every = [
        Kept(Finding(REVIVED, order, False, program, ("+start A",), (2, 0), "manager"), shrunk, "surw")
        for order in (Order.FIFO, Order.ANY)
        for shrunk in (True, False)
    ]
    listener: Any = SimpleNamespace(say=lambda _: None)
    for number, told in enumerate(permutations(every)):
        with closing(Folder(tmp_path / str(number))) as folder:
            folder.begin({"subject": "source", "seed": 0, "order": "all"})
            session = hunt.Hunt(hunt.Plan("source", CHECKS, 1, 0, 1.0, None), folder, Totals(), {}, listener)
            for kept in told:
                session._found(0, kept)
            assert session.findings == folder.findings() == {REVIVED: every[0]}


def test_workers_end_with_the_hunt_that_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "hunt"
    with hunting(folder, "--jobs", "2", "--budget", "1h") as process:
        wait_for(lambda: workers(folder) and found(folder))
        process.kill()
        process.wait(timeout=PATIENCE)
        for pid in workers(folder):
            wait_for(lambda pid=pid: not Path(f"/proc/{pid}/fd").exists() or not os.access(f"/proc/{pid}/exe", os.R_OK))  # type: ignore[misc]
        _, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in err
    assert files(folder)


def test_a_subject_that_cannot_be_judged_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subject = tmp_path / "mine.py"
    subject.write_text(
        "import asyncio\n\nfrom subwarden.impl.manager.manager import Manager\n\n\n"
        "class Mine(Manager):\n    async def has_subscribers(self, thread_id):\n        await asyncio.to_thread(print)\n",
        encoding="utf-8",
    )
    assert main(["hunt", "--subject", f"{subject}:Mine", "--rounds", "8", "--jobs", "1", "--dir", str(tmp_path / "hunt")]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"subwarden hunt: subject {subject}:Mine: ")
    assert (tmp_path / "hunt" / JOURNAL).exists()


CHANGED = """
import asyncio
from subwarden.impl.manager.source import SeedManager

class Mine(SeedManager):
    async def connection_initialized(self, connection_id):
        await super().connection_initialized(connection_id)
"""


def test_a_subject_that_takes_other_steps_since_is_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A known schedule that cannot be followed any more, of what still shows, must not cost the report of all that was found."""
    subject, folder = tmp_path / "mine.py", tmp_path / "hunt"
    subject.write_text(CHANGED, encoding="utf-8")
    arguments = ["hunt", "--subject", f"{subject}:Mine", "--order", "fifo", "--jobs", "1", "--rounds", "1", "--dir", str(folder)]
    assert main(arguments) == 1
    before = files(folder)
    assert any(finding["cause"].startswith("P2-a-connection-that-is-not-live") for finding in before.values())
    subject.write_text(CHANGED.replace("await super()", "await asyncio.sleep(0)\n        await super()"), encoding="utf-8")
    assert main(["hunt", "--resume", str(folder), "--jobs", "1", "--rounds", "1"]) == 1
    assert "violated" in capsys.readouterr().out
    assert all(finding["shrunk"] for finding in files(folder).values())
    for name in files(folder):
        assert main(["replay", str(folder / name)]) == 1


OTHER_AT_HOME = """
import asyncio, multiprocessing
from subwarden.impl.manager.source import SeedManager

class Mine(SeedManager):
    async def connection_initialized(self, connection_id):
        if multiprocessing.parent_process() is None:
            await asyncio.sleep(0)
        await super().connection_initialized(connection_id)
"""


def test_a_subject_that_does_something_else_when_it_is_told_does_not_cost_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What differs between two processes stands for any chance; one that goes on begins with what cannot be followed in the other."""
    subject, folder = tmp_path / "mine.py", tmp_path / "hunt"
    subject.write_text(OTHER_AT_HOME, encoding="utf-8")
    arguments = ["hunt", "--subject", f"{subject}:Mine", "--order", "fifo", "--jobs", "1", "--rounds", "1", "--dir", str(folder)]
    doubted = 0
    for command in (arguments, ["hunt", "--resume", str(folder), "--jobs", "1", "--rounds", "1"]):
        assert main(command) == 1
        out, err = capsys.readouterr()
        assert "subject " in out
        assert "never awaited" not in err
        doubted += out.count("was found, and does not show any more")
    assert doubted


def test_orders() -> None:
    assert checks_in("split-lock", "fifo") == CHECKS[:2]
    assert checks_in("split-lock", "all") == CHECKS
    assert checks_in("source", "all") == (*CHECKS, *checks_of("server"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rounds", "1", "--budget", "1m"], "give either --budget or --rounds"),
        (["--budget", "soon"], "is not a duration"),
        (["--jobs", "0"], "is not a whole number of at least 1"),
        (["--order", "lifo"], "invalid choice"),
        (["--subject", "nobody"], "unknown subject"),
        (["--resume", "nowhere"], "holds no hunt"),
        (["--json", "no/such/folder.json", "--rounds", "1"], "cannot write 'no/such/folder.json'"),
        (["--json", ".", "--rounds", "1"], "cannot write '.'"),
    ],
)
def test_usage_errors(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that says how to mend it, exit code 3, and no folder left behind."""
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["hunt", *arguments])
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    out, err = capsys.readouterr()
    assert (code, out) == (3, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("contradiction", [["--subject", "manager"], ["--seed", "9"], ["--order", "fifo"], ["--dir", "elsewhere"]])
def test_a_resumed_hunt_is_the_same_hunt(contradiction: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Folder(tmp_path)) as folder:
        folder.begin({"subject": "source", "seed": 0, "order": "all"})
    assert main(["hunt", "--resume", str(tmp_path), *contradiction]) == 3
    assert "leave --" in capsys.readouterr().err
