"""Workers of a hunt that are killed, that die, or that do not end: another takes the place, and no finding is lost."""

import json
import os
import shlex
import signal
from contextlib import closing
from itertools import permutations
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from subwarden.checking.causes import REVIVED
from subwarden.checking.finding import Finding
from subwarden.cli.main import main
from subwarden.model.manager.operations import ConnectionInitialized, RemoveConnection
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.hunt import hunt
from subwarden.stateful_tests.hunt.carrier import LocalProcesses
from subwarden.stateful_tests.hunt.folder import Folder
from subwarden.stateful_tests.hunt.plan import Plan
from subwarden.stateful_tests.hunt.work import Kept, Totals, Work
from subwarden.stateful_tests.hunt.worker_slot import MOST, WorkerSlot
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.tests.checks import CHECKS
from subwarden.stateful_tests.tests.hunt.processes import files, found, hunting, journal, workers
from subwarden.stateful_tests.tests.processes import PATIENCE, wait_for
from subwarden.stateful_tests.workers.crash import CrashNote, Death
from subwarden.stateful_tests.workers.process import Process


@pytest.mark.slow
def test_another_worker_takes_the_slot_of_a_killed_one(tmp_path: Path) -> None:
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
        words = " ".join(text.split())  # a report is as wide as its terminal
        assert words.count("worker 0 was killed (SIGKILL: by somebody, or for want of memory) in round") == 1
        assert "another takes its place" in words
    assert process.returncode == 1
    assert files(folder)
    for pid in (other, workers(folder)[2]):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.slow
def test_a_slot_in_which_all_are_killed_is_given_up_and_the_hunt_is_resumable(tmp_path: Path) -> None:
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
    words = " ".join(out.split())  # a report is as wide as its terminal
    assert "there is no other" in words
    assert "no worker finished a round" in words
    assert main(["hunt", "--resume", str(folder), "--jobs", "1", "--rounds", "1"]) == 1
    assert all(finding["shrunk"] for finding in files(folder).values()), "what was cut short is made small first"


@pytest.mark.parametrize(
    ("words", "taken"), [((True,) * 9, MOST), ((True, False, False), 2), ((False, False), 1), ((False, True, False), 3)]
)
def test_a_slot_is_not_taken_for_ever(words: tuple[bool, ...], taken: int) -> None:
    """Nor twice by workers that do not even begin. `words`: whether each worker sends a message before it is killed."""
    place, starts = WorkerSlot(0, {}), 0
    for spoke in words:
        place.spoke = spoke
        if not place.may_be_taken():
            break
        starts += 1
    assert starts == taken


DIES = """
import ctypes
from subwarden.impl.manager.manager import Manager

class Mine(Manager):
    async def has_subscribers(self, thread_id):
        ctypes.CDLL(None)._exit(7)  # past `os._exit`, which is refused
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [("--budget", "8"), ("--rounds", "1")])
def test_a_subject_that_kills_its_workers_is_a_finding(how: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Others take their slots, and die alike. The command that it tells shows it again, and a resumed hunt still knows."""
    subject = tmp_path / "mine.py"
    subject.write_text(DIES, encoding="utf-8")
    record = tmp_path / "hunt.json"
    arguments = ["--subject", f"{subject}:Mine", "--order", "fifo", "--level", "manager", "--jobs", "1", *how, "--json", str(record)]
    assert main(["hunt", *arguments, "--dir", str(tmp_path / "hunt")]) == 1
    out, err = capsys.readouterr()
    (killing,) = json.loads(record.read_text(encoding="utf-8"))["killing"]
    assert "worker 0 ended with exit code 7 in round 0; its findings are kept; another takes its place" in err
    assert (killing["died"], killing["round"]) == ("ended with exit code 7", 0)
    assert err.count("in round 0; its findings are kept") >= 3, "within a budget, too, others do that round again"
    assert "found: the subject ends the process that runs it: in round" in " ".join(err.split())
    assert "the subject ends the process that runs it" in out
    assert f"again: {killing['again']}" in out
    assert "violated (1 finding" in out
    assert Folder(tmp_path / "hunt").totals().killing == [killing]
    assert f"replay: subwarden replay {killing['replay']}" in out
    replay = ["replay", killing["replay"], "--subject", f"{subject}:Mine"]
    assert main(replay) == 1
    out, _ = capsys.readouterr()
    assert "violated (the subject ends the process that runs it: it ended with exit code 7)" in " ".join(out.split())
    subject.write_text(DIES.replace("_exit(7)", "getpid()"), encoding="utf-8")
    assert main(replay) == 0
    assert "holds (the run does not end the process any more)" in " ".join(capsys.readouterr().out.split())
    if "--rounds" in how:  # mended, so it is found no more
        main(["hunt", "--resume", str(tmp_path / "hunt"), "--jobs", "1", "--rounds", "1", "--json", str(record)])
        assert "killing" not in json.loads(record.read_text(encoding="utf-8"))
        assert "the subject has changed since it ended its process" in " ".join(capsys.readouterr().err.split())
    subject.write_text(DIES, encoding="utf-8")
    if "--rounds" in how:
        assert main([*shlex.split(killing["again"])[1:], "--dir", str(tmp_path / "again"), "--json", str(record)]) == 1
        (again,) = json.loads(record.read_text(encoding="utf-8"))["killing"]
        assert again | {"replay": ""} == killing | {"replay": ""}


def test_rounds_that_kill_their_workers_alike_are_one_finding(tmp_path: Path) -> None:
    """Within a budget the round of a worker that died by itself is done again, and does not count."""
    said: list[str] = []
    listener: Any = SimpleNamespace(say=said.append)
    begun: list[tuple[int, bool]] = []
    carrier: Any = SimpleNamespace(start=lambda _, assignment, __: begun.append((assignment.first, assignment.noted)), running=lambda: [0])
    with closing(Folder(tmp_path)) as folder:
        folder.begin({"subject": "source", "seed": 0, "order": "all"})
        session = hunt.Hunt(Plan("source", CHECKS, 1, 0, 60.0, None), folder, Totals(), {}, listener, carrier=carrier)
        crash = Death("was killed by SIGSEGV, a crash in native code", by_itself=True)
        session._heard(0, "round", 5)
        for _ in range(3):
            session._heard(0, "work", {CHECKS[0].name: Work(schedules=10)})
            session._heard(0, "lost", crash)
            session._heard(0, "round", begun[-1][0] + 1)
        session._heard(0, "work", {CHECKS[0].name: Work(schedules=7)})
        for _ in range(3):
            session._heard(0, "lost", crash)
        assert folder.totals().killing == session.totals.killing
    assert begun[:3] == [(4, False), (4, True), (5, False)], "the third is written down, then the round is left out"
    assert session.totals.whole.schedules == 10 + 7
    (killing,) = session.totals.killing
    assert (killing["round"], killing["died"]) == (4, crash.said)


@pytest.mark.slow
def test_with_rounds_another_worker_does_the_rounds_of_the_killed_one(tmp_path: Path) -> None:
    """Also when the one was started here and the other by the script."""
    arguments = ["--jobs", "2", "--order", "fifo", "--seed", "5", "--rounds", "1"]
    assert main(["hunt", "--subject", "source", "--level", "manager", *arguments, "--dir", str(tmp_path / "whole")]) == 1
    with hunting(tmp_path / "killed", *arguments) as process:
        wait_for(lambda: workers(tmp_path / "killed") and found(tmp_path / "killed"))
        os.kill(workers(tmp_path / "killed")[0], signal.SIGKILL)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "another takes its place" in " ".join(out.split())
    assert "all rounds are done" in out
    assert files(tmp_path / "killed") == files(tmp_path / "whole")
    one, two = (Folder(tmp_path / name).totals() for name in ("whole", "killed"))
    assert one.rounds == two.rounds == {0: 1, 1: 1}
    assert one.whole.strategies == two.whole.strategies
    assert one.end_states["manager, fifo"].encode() == two.end_states["manager, fifo"].encode()


def test_workers_that_do_not_end_are_ended_and_make_it_inconclusive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subject whose steps block: no findings do not mean that it holds."""
    monkeypatch.setattr(hunt, "GRACE", 0.0)
    monkeypatch.setattr(hunt, "WORKERS_END_WITHIN", 0.0)
    subject = "subwarden.stateful_tests.specimens.manager_defects.progress:SleepsForReal"
    assert main(["hunt", "--subject", subject, "--budget", "0.001", "--jobs", "1", "--dir", str(tmp_path / "hunt")]) == 2
    out, err = capsys.readouterr()
    assert "worker 0 did not end when its time was over, and was ended" in err
    assert "inconclusive (no findings" in out


def test_the_last_messages_of_a_killed_worker_are_heard(tmp_path: Path) -> None:
    """It died between two looks at the pipes: its finding is still in the pipe."""

    class Dead:
        exitcode = -9

        def join(self, timeout: float) -> None:
            pass

    program = ManagerProgram(((ConnectionInitialized(1),), (RemoveConnection(1),)))
    kept = Kept(Finding(REVIVED, Order.FIFO, False, program, ("+start A",), (2, 0), "manager"), False, "surw")
    said: list[str] = []
    listener: Any = SimpleNamespace(say=said.append)
    with closing(Folder(tmp_path)) as folder:
        folder.begin({"subject": "source", "seed": 0, "order": "all"})
        carrier = LocalProcesses((None, 1))
        session = hunt.Hunt(Plan("source", CHECKS, 1, 0, 1.0, None), folder, Totals(), {}, listener, carrier=carrier)
        process: Any = object.__new__(Process)
        process.pipe, theirs = Pipe()
        process._process, process._note = Dead(), CrashNote()
        carrier._running[process], session._slots[0].lost = 0, MOST
        theirs.send(("work", {CHECKS[0].name: Work(programs=1, schedules=9)}))
        theirs.send(("found", kept))
        theirs.close()
        for said_by, message, about in carrier.heard(0.0):
            session._heard(said_by, message, about)
    assert session.findings == {REVIVED: kept}
    assert (session.totals.whole.schedules, len(files(tmp_path)), len(said)) == (9, 1, 2)
    assert "worker 0 was killed (SIGKILL: by somebody, or for want of memory)" in said[1]
    assert not carrier.running()


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
            session = hunt.Hunt(Plan("source", CHECKS, 1, 0, 1.0, None), folder, Totals(), {}, listener)
            for kept in told:
                session._found(0, kept)
            assert session.findings == folder.findings() == {REVIVED: every[0]}
