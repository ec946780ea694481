"""`subwarden hunt` that is stopped: by a signal, by a reader that goes away, or killed."""

import multiprocessing
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from subwarden.cli.main import main
from subwarden.processes.child import Child
from subwarden.processes.signals import ENDING, interruptible
from subwarden.stateful_tests.runs.replay import read
from subwarden.stateful_tests.tests.hunt.processes import files, found, hunting, journal, workers
from subwarden.stateful_tests.tests.processes import PATIENCE, SUBWARDEN, wait_for


@pytest.mark.parametrize(
    "number", [signal.SIGINT, *(pytest.param(number, marks=pytest.mark.slow) for number in (signal.SIGTERM, signal.SIGHUP))]
)
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


@pytest.mark.parametrize("all_of_it", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_reader_that_goes_away_ends_it_as_ctrl_c_does(all_of_it: bool, tmp_path: Path) -> None:
    """`2>&1 | head -1`, and the same with standard error alone. It once counted as a lost worker."""
    folder = tmp_path / "hunt"
    reads, writes = os.pipe()
    command = [*SUBWARDEN, "hunt", "--subject", "source", "--level", "manager", "--jobs", "2", "--budget", "1h", "--dir", str(folder)]
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


def test_a_signal_that_comes_while_a_worker_starts_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker is started with signals blocked, which it inherits; this process has not ignored any meanwhile."""
    start = multiprocessing.get_context("spawn").Process.start

    def signalled(process: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        start(process)
        os.kill(os.getpid(), signal.SIGTERM)  # pending signals of one kind are one

    monkeypatch.setattr(multiprocessing.get_context("spawn").Process, "start", signalled)
    with interruptible(ENDING) as interrupted:
        child = Child(id)
    assert interrupted == [signal.SIGTERM]
    assert child.exit_code() == 0
    child.end()


@pytest.mark.parametrize("subject", ["examples/rooms.py:Adapter", pytest.param("examples/seats.py:Overbooked", marks=pytest.mark.slow)])
def test_a_hunt_of_an_adapter_is_stopped_and_resumed(subject: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
