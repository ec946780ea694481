"""A hunt on a Dask cluster: the same search however many workers carry it, and whichever process is killed."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from subwarden.stateful_tests.hunt.folder import Folder
from subwarden.stateful_tests.tests.cluster.processes import another_version, cluster, hunted, hunting
from subwarden.stateful_tests.tests.hunt.processes import files, found, journal
from subwarden.stateful_tests.tests.hunt.test_hunt_workers import DIES
from subwarden.stateful_tests.tests.processes import PATIENCE, SUBWARDEN, wait_for

pytest.importorskip("distributed", reason="a hunt on a cluster needs the extra `dask`")
pytestmark = pytest.mark.slow
LANES = 2  # with more workers than lanes, some have nothing to do
ROUND = ("--jobs", "1", "--rounds", "1", "--level", "manager", "--seed", "5")
SOURCE = "source"


def searched(folder: Path) -> dict[str, Any]:
    """All that a hunt has counted and found."""
    totals = Folder(folder).totals()
    return {
        "findings": files(folder),
        "rounds": totals.rounds,
        "work": {check: work.encode() for check, work in totals.work.items()},
        "end states": {check: counter.encode() for check, counter in totals.end_states.items()},
    }


def test_any_number_of_workers_does_the_same_search(tmp_path: Path) -> None:
    """Findings, counts, end states and complete searches are those of processes of this machine."""
    arguments = ("--rounds", "1", "--level", "manager", "--seed", "3", "--jobs", str(LANES))
    subject = "split-lock"
    code = hunted(subject, tmp_path / "local", *arguments)[0]
    alone = searched(tmp_path / "local")
    assert sum(work["complete"].get("everything", 0) for work in alone["work"].values()) > 0
    with cluster(tmp_path / "cluster", 1) as some:
        for workers in (1, 2, 4):
            while len(some.workers) < workers:
                some.worker()
            some.ready(workers)
            folder = tmp_path / str(workers)
            assert hunted(subject, folder, *arguments, "--dask", some.address)[0] == code
            assert searched(folder) == alone


def test_a_killed_worker_costs_its_task_which_another_does(tmp_path: Path) -> None:
    hunted(SOURCE, tmp_path / "whole", *ROUND)
    with cluster(tmp_path / "cluster", 1) as some:
        with hunting(SOURCE, tmp_path / "killed", *ROUND, "--dask", some.address) as process:
            wait_for(lambda: found(tmp_path / "killed"))
            some.worker()
            some.ready(2)
            some.workers[0].kill()
            out, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert "worker 0 lost its Dask worker tcp://" in " ".join(out.split())
        assert searched(tmp_path / "killed") == searched(tmp_path / "whole")


def test_a_hunt_outlives_its_scheduler(tmp_path: Path) -> None:
    folder = tmp_path / "hunt"
    with cluster(tmp_path / "cluster", 1) as some, hunting(SOURCE, folder, *ROUND, "--dask", some.address) as process:
        wait_for(lambda: found(folder))
        some.scheduler.kill()
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "the cluster's scheduler has gone" in " ".join(out.split())
    before = files(folder)
    assert before
    code, report, _ = hunted(SOURCE, folder, *ROUND, "--resume", str(folder), "--dask", "local")
    assert code == 1
    assert "all rounds are done" in report
    assert files(folder).keys() >= before.keys()
    assert Folder(folder).totals().rounds == {0: 1}, "the lost round was done again, and counts once"


def test_a_killed_client_is_resumed_from_its_folder_and_its_tasks_end(tmp_path: Path) -> None:
    folder = tmp_path / "hunt"
    with cluster(tmp_path / "cluster", 1) as some:
        with hunting(SOURCE, folder, *ROUND, "--dask", some.address) as process:
            wait_for(lambda: found(folder))
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        code, report, _ = hunted(SOURCE, folder, *ROUND, "--resume", str(folder), "--dask", some.address)
    assert code == 1
    assert "all rounds are done" in report
    assert Folder(folder).totals().rounds == {0: 1}
    assert {"resumed": True} in journal(folder)


def test_a_round_that_kills_every_worker_is_set_aside_and_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(DIES, encoding="utf-8")
    with cluster(tmp_path / "cluster", 1) as some:
        code, report, told = hunted("mine.py:Mine", tmp_path / "hunt", *ROUND[:4], "--dask", some.address, cwd=tmp_path)
        assert some.workers[0].poll() is None, "the process beside the worker has died, not the worker"
    assert code == 1
    assert told.count("ended with exit code 7 in round 0; its findings are kept; another takes its place") == 3
    assert "found: the subject ends the process that runs it: in round 0 of worker 0" in told
    assert "violated (1 finding" in report


ENDS_ITS_PARENT = """
import ctypes
import os
from subwarden.impl.manager.manager import Manager

class Mine(Manager):
    async def try_add_connection_to_thread(self, *a, **k):
        ctypes.CDLL(None).kill(os.getppid(), 9)
"""


def test_a_round_that_ends_the_dask_workers_themselves_is_a_finding_with_a_replay(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(ENDS_ITS_PARENT, encoding="utf-8")
    with cluster(tmp_path / "cluster", 4) as some:
        code, _, told = hunted("mine.py:Mine", tmp_path / "hunt", *ROUND, "--dask", some.address, cwd=tmp_path)
    assert code == 1, told
    assert "found: the subject ends the process that runs it: in round 0 of worker 0" in told
    (run,) = (tmp_path / "hunt").rglob("round-0-of-worker-0*")
    again = subprocess.run(
        [*SUBWARDEN, "replay", str(run), "--subject", "mine.py:Mine"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert again.returncode == 1, again.stdout + again.stderr
    assert "was killed (SIGKILL" in " ".join(again.stdout.split())


def test_a_subject_travels_with_what_it_imports_from_its_folder(tmp_path: Path) -> None:
    here = tmp_path / "here"
    (here / "code" / "parts").mkdir(parents=True)
    (here / "code" / "mine.py").write_text("def make():\n    from parts.kept import Mine\n    return Mine()\n", encoding="utf-8")
    (here / "code" / "parts" / "__init__.py").write_text("", encoding="utf-8")
    kept = "from subwarden.impl.manager.source import SourceManager\n\nclass Mine(SourceManager):\n    pass\n"
    (here / "code" / "parts" / "kept.py").write_text(kept, encoding="utf-8")
    with cluster(tmp_path / "cluster", 1) as some:
        code, report, _ = hunted("code/mine.py:make", tmp_path / "hunt", *ROUND[:4], "--seed", "5", "--dask", some.address, cwd=here)
    assert code == 1, report
    assert any(place.startswith("code/") or "impl/" in place for place in _awaits(tmp_path / "hunt"))


def _awaits(folder: Path) -> list[str]:
    return sorted(set[str]().union(*(work.closely.awaits for work in Folder(folder).totals().work.values())))


def test_a_worker_that_differs_is_refused_by_name(tmp_path: Path) -> None:
    """It has one line more. The other does the work; without it the hunt ends at once."""
    with cluster(tmp_path / "cluster", 0) as some:
        some.worker(another_version(tmp_path))
        some.ready(1)
        code, _, told = hunted("split-lock", tmp_path / "none", *ROUND, "--dask", some.address)
        assert code == 3
        assert "no worker of tcp://" in told
        assert "has subwarden's code" in told
        some.worker()
        some.ready(2)
        code, _, told = hunted("split-lock", tmp_path / "one", *ROUND, "--dask", some.address)
        assert code in (0, 1)
        assert "is refused: it has subwarden's code" in told


def test_a_scheduler_that_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    code, out, told = hunted(SOURCE, tmp_path / "hunt", *ROUND, "--dask", "tcp://127.0.0.1:9")
    assert (code, out) == (3, "")
    assert "--dask tcp://127.0.0.1:9: no Dask scheduler answers there" in told


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("nonsense", "missing port number in address 'nonsense'"),
        ("", "missing port number in address ''"),
        ("http://there:80", "unknown address scheme 'http'"),
        ("inproc://there", "inproc is within one process"),
    ],
)
def test_what_is_no_address_is_told_in_a_line_and_at_once(address: str, why: str, tmp_path: Path) -> None:
    """Dask's client would say so, too, and then keep the process for 20 seconds and end it with a traceback."""
    code, out, told = hunted(SOURCE, tmp_path / "hunt", *ROUND, "--dask", address)
    assert (code, out) == (3, "")
    assert f"--dask {address!r} is no address: {why}" in told
    assert "such as tcp://HOST:8786" in told
    assert "Traceback" not in told


def test_a_data_file_that_did_not_travel_is_told_as_that(tmp_path: Path) -> None:
    """The file needs no fixing: it loads where the hunt runs."""
    (tmp_path / "data.txt").touch()
    reads = "from pathlib import Path\nPath(__file__).with_name('data.txt').read_text()\n"
    (tmp_path / "mine.py").write_text(f"{reads}from subwarden.impl.manager.manager import Manager as Mine\n", encoding="utf-8")
    code, _, told = hunted("mine.py:Mine", tmp_path / "hunt", *ROUND, "--dask", "local", cwd=tmp_path)
    assert code == 3
    assert "it loads where the command runs, but data files do not travel to Dask workers" in told
    assert "fix that file" not in told


def test_a_hunt_has_a_lane_for_each_thread_of_the_cluster(tmp_path: Path) -> None:
    with cluster(tmp_path / "cluster", 2) as some:
        hunted(SOURCE, tmp_path / "hunt", "--rounds", "1", "--level", "manager", "--order", "fifo", "--dask", some.address)
    assert Folder(tmp_path / "hunt").totals().rounds == {0: 1, 1: 1}


def test_a_cluster_without_workers_is_told_in_a_line(tmp_path: Path) -> None:
    with cluster(tmp_path / "cluster", 0) as some:
        wait_for(lambda: "Scheduler at" in some.log("scheduler"))
        code, out, told = hunted(SOURCE, tmp_path / "hunt", *ROUND, "--dask", some.address)
    assert (code, out) == (3, "")
    assert f"no worker has joined {some.address} within 10 s; start one with `dask worker {some.address} --nthreads 1`" in told
