"""A score on a Dask cluster: the same however many workers share it, and whichever of them dies."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from subwarden.stateful_tests.tests.cluster.processes import another_version, cluster
from subwarden.stateful_tests.tests.processes import PATIENCE, SUBWARDEN, Process, started, wait_for

pytest.importorskip("distributed", reason="a score on a cluster needs the extra `dask`")
pytestmark = pytest.mark.slow
SEATS = """
import asyncio

class Seats:
    def __init__(self):
        self.taken = 0
        self.lock = asyncio.Lock()

    async def take(self):
        async with self.lock:
            if self.taken >= 1:
                return False
            await asyncio.sleep(1)
            self.taken += 1
            return True
"""
CHECKS = """
import asyncio
from seats import Seats

async def check():
    seats = Seats()
    got = await asyncio.gather(seats.take(), seats.take())
    assert sorted(got) == [False, True]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of a user, who is not where the workers are."""
    (tmp_path / "seats.py").write_text(SEATS, encoding="utf-8")
    (tmp_path / "checks.py").write_text(CHECKS, encoding="utf-8")
    return tmp_path


def scoring(folder: Path, *arguments: str) -> AbstractContextManager[Process]:
    return started(*SUBWARDEN, "score", "checks.py:check", "--schedules", "100", "--json", "record.json", *arguments, cwd=folder)


def scored(folder: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """The exit code, the record, and what was said."""
    with scoring(folder, *arguments) as process:
        out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, read(folder), " ".join((out + err).split())


def read(folder: Path) -> dict[str, Any]:
    record = folder / "record.json"
    made: dict[str, Any] = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    return made


def test_any_number_of_workers_judges_alike(folder: Path) -> None:
    code, alone, _ = scored(folder)
    assert (code, alone["verdict"]) == (0, "holds")
    assert {fault["fate"] for fault in alone["faults"]} >= {"noticed", "survived"}
    with cluster(folder / "cluster", 1) as some:
        for workers in (1, 2, 4):
            while len(some.workers) < workers:
                some.worker()
            some.ready(workers)
            assert scored(folder, "--dask", some.address)[:2] == (0, alone)


def test_a_killed_worker_costs_only_its_fault(folder: Path) -> None:
    alone = scored(folder)[1]
    with cluster(folder / "cluster", 2) as some, scoring(folder, "--dask", some.address) as process:
        wait_for(lambda: judging(some.workers[0]))
        some.workers[0].kill()
        process.communicate(timeout=PATIENCE)
    record = read(folder)
    assert process.returncode == 0
    assert record["lost"]
    assert all(said.startswith("the Dask worker tcp://") and "judges its fault again" in said for said in record["lost"])
    assert {**record, "lost": []} == alone


def test_a_score_outlives_its_scheduler(folder: Path) -> None:
    alone = scored(folder)[1]
    with cluster(folder / "cluster", 1) as some:
        with scoring(folder, "--dask", some.address) as process:
            wait_for(lambda: judging(some.workers[0]))
            some.scheduler.kill()
            _, error = process.communicate(timeout=PATIENCE)
        record = read(folder)
    assert "Traceback" not in error
    assert process.returncode == 0
    assert record["lost"] == [f"the scheduler {some.address} has gone; this machine judges the rest"]
    assert {**record, "lost": []} == alone


def test_a_worker_that_differs_is_refused_by_name(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = another_version(tmp_path_factory.mktemp("other"))
    with cluster(folder / "cluster", 0) as some:
        some.worker(other)
        some.ready(1)
        code, _, said = scored(folder, "--dask", some.address)
    assert (code, "no worker of tcp://" in said) == (3, True), said


def test_no_scheduler_is_told_in_a_line(folder: Path) -> None:
    code, _, said = scored(folder, "--dask", "nowhere")
    assert (code, said[:16]) == (3, "subwarden score:")


def judging(worker: Process) -> list[str]:
    """The processes beside a Dask worker."""
    found = [child for each in Path(f"/proc/{worker.pid}/task").glob("*/children") for child in each.read_text(encoding="utf-8").split()]
    return [child for child in found if b"serve_scoring" in command(child)]


def command(pid: str) -> bytes:
    try:
        return (Path("/proc") / pid / "cmdline").read_bytes()
    except OSError:  # it has ended
        return b""
