"""An exploration on a Dask cluster: the same search however many workers share it, and whichever process is killed."""

import json
import re
import subprocess
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from subwarden.scheduling.order import Order
from subwarden.stateful_tests.cluster.carrying import exploring as crew_on
from subwarden.stateful_tests.explore.exploration import Plan, explore_scenario
from subwarden.stateful_tests.explore.searching.portions import Sampled
from subwarden.stateful_tests.subjects.scenario.play import Rules
from subwarden.stateful_tests.subjects.scenario.scenario import load_scenario
from subwarden.stateful_tests.tests.cluster.processes import another_version, cluster
from subwarden.stateful_tests.tests.paths import DATA
from subwarden.stateful_tests.tests.processes import PATIENCE, SUBWARDEN, Process, started, wait_for
from subwarden.stateful_tests.workers.in_order import InOrder, each

pytest.importorskip("distributed", reason="an exploration on a cluster needs the extra `dask`")
from subwarden.stateful_tests.cluster.crew import _Doing  # it needs that extra

pytestmark = pytest.mark.slow
FILE = DATA / "scenarios" / "shared_search.py"
SEARCH = ("--order", "any", "--schedules", "4000")


def exploring(name: str, record: Path, *arguments: str, cwd: Path | None = None) -> AbstractContextManager[Process]:
    if cwd is None:  # a new one: a failing run is kept below it, and tried first the next time
        cwd = record.with_suffix("")
        cwd.mkdir()
    return started(*SUBWARDEN, "explore", name, *SEARCH, "--json", str(record), *arguments, cwd=cwd)


def explored(name: str, record: Path, *arguments: str, cwd: Path | None = None) -> tuple[int, dict[str, Any], str]:
    """The exit code, the record without the time that it took, and what was said."""
    with exploring(name, record, *arguments, cwd=cwd) as process:
        out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, read(record), " ".join((out + err).split())


def read(record: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {"checks": []}
    for check in made["checks"]:
        del check["seconds"]
    return made


@pytest.mark.parametrize("name", ["one_order", "counted", "one_value"])
def test_any_number_of_workers_does_the_same_search(name: str, tmp_path: Path) -> None:
    """Findings, counts, end states and complete searches are those of one process."""
    code, alone, _ = explored(f"{FILE}:{name}", tmp_path / "alone.json")
    assert code == (0 if name == "counted" else 1)
    assert name != "counted" or alone["checks"][0]["states"] > 1_000
    with cluster(tmp_path / "cluster", 1) as some:
        for workers in (1, 2, 4):
            while len(some.workers) < workers:
                some.worker()
            some.ready(workers)
            assert explored(f"{FILE}:{name}", tmp_path / f"{workers}.json", "--dask", some.address)[:2] == (code, alone)


def test_a_killed_worker_costs_its_portions_which_another_does(tmp_path: Path) -> None:
    scenario, plan = load_scenario(f"{FILE}:counted"), Plan((Order.ANY,), schedules=4_000)
    alone: dict[str, Any] = dict(explore_scenario(scenario, plan).record)
    with cluster(tmp_path / "cluster", 2) as some, crew_on(some.address, scenario.name, frozenset(), 1, None) as crew:
        (address,) = (address for address, worker in crew._client.scheduler_info()["workers"].items() if worker["name"] == "worker0")

        def kill() -> None:
            wait_for(lambda: any(address in hosts for hosts in list(crew._tasks._begun.values())))
            some.workers[0].kill()

        killer = threading.Thread(target=kill)
        killer.start()
        record: dict[str, Any] = dict(explore_scenario(scenario, plan, crew=crew).record)
        killer.join()
    assert all(said.startswith(f"the Dask worker {address} was lost") and "does its portion again" in said for said in record.pop("lost"))
    for made in (alone, record):
        del made["checks"][0]["seconds"]
    assert record == alone


ENDS_ITS_PARENT = """
import asyncio
import ctypes
import os
from pathlib import Path

async def rare():
    said = []

    async def says(word):
        said.append(word)

    await asyncio.gather(*(says(word) for word in "abcdef"))
    above = Path(f"/proc/{os.getppid()}/cmdline").read_bytes()
    if said == list("fbdace") and (b"dask_worker" in above or b"spawn_main" in above):  # not that of the test
        ctypes.CDLL(None).kill(os.getppid(), 9)
"""


def test_a_portion_that_ends_its_dask_workers_is_a_finding_with_a_replay(tmp_path: Path) -> None:
    """It shares a task with others at first; once that has lost a worker, each goes alone. The client does it once more, to see the run."""
    (tmp_path / "mine.py").write_text(ENDS_ITS_PARENT, encoding="utf-8")
    with cluster(tmp_path / "cluster", 7) as some:
        code, record, said = explored("mine.py:rare", tmp_path / "rare.json", "--dask", some.address, cwd=tmp_path)
    assert code == 1, said
    (killing,) = record["killing"]
    assert re.fullmatch(r"ended its Dask workers \((tcp://[0-9.:]+(, )?){3}\)", killing["died"])
    assert "rare ends the process that runs it: in order any, each of three workers ended its Dask workers" in said
    again = subprocess.run(
        [*SUBWARDEN, "explore", "mine.py:rare", "--replay", killing["replay"]], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert again.returncode == 1
    assert "it ends the process that runs it: it was killed (SIGKILL" in " ".join(again.stdout.split())


def test_an_exploration_outlives_its_scheduler(tmp_path: Path) -> None:
    alone = explored(f"{FILE}:counted", tmp_path / "alone.json")[1]
    with cluster(tmp_path / "cluster", 1) as some:
        with exploring(f"{FILE}:counted", tmp_path / "killed.json", "--dask", some.address) as process:
            wait_for(lambda: beside(some.workers[0]))
            some.scheduler.kill()
            process.communicate(timeout=PATIENCE)
        record = read(tmp_path / "killed.json")
    assert process.returncode == 0
    assert record.pop("lost") == [f"the scheduler {some.address} has gone; this process does the rest"]
    assert record == alone


def test_the_processes_of_a_killed_client_end(tmp_path: Path) -> None:
    with cluster(tmp_path / "cluster", 1) as some:
        with exploring(f"{FILE}:counted", tmp_path / "killed.json", "--dask", some.address) as process:
            wait_for(lambda: beside(some.workers[0]))
            process.kill()
            process.communicate(timeout=PATIENCE)
        code, record, _ = explored(f"{FILE}:counted", tmp_path / "next.json", "--dask", some.address)
        assert (code, record["checks"][0]["complete"]) == (0, True)
        assert len(beside(some.workers[0])) == 1, "that of the next one"


def test_a_scenario_that_ends_its_process_is_a_finding(tmp_path: Path) -> None:
    with cluster(tmp_path / "cluster", 1) as some:
        code, record, said = explored(f"{FILE}:kills", tmp_path / "kills.json", "--dask", some.address)
        assert some.workers[0].poll() is None, "the process beside the worker has died, not the worker"
    assert code == 1
    (killing,) = record["killing"]
    assert (killing["order"], killing["died"], killing["replay"][:4]) == ("any", "ended with exit code 7", "sx1-")
    assert said.count("a worker ended with exit code 7; another does its portion again") >= 2
    assert "kills ends the process that runs it" in said


def test_a_scenario_travels_and_a_worker_that_differs_is_refused_by_name(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "mine.py").write_text("from parts import counted as mine\n", encoding="utf-8")
    (here / "parts.py").write_bytes(FILE.read_bytes())
    with cluster(tmp_path / "cluster", 0) as some:
        some.worker(another_version(tmp_path))
        some.ready(1)
        code, _, said = explored("mine.py:mine", tmp_path / "none.json", "--dask", some.address, cwd=here)
        assert code == 3
        assert "no worker of tcp://" in said
        some.worker()
        some.ready(2)
        code, record, said = explored("mine.py:mine", tmp_path / "one.json", "--dask", some.address, cwd=here)
    assert (code, record["checks"][0]["complete"]) == (0, True), said
    assert "is refused: it has subwarden's code" in said


def test_a_task_has_as_many_portions_as_take_its_time_and_leave_some_for_the_others() -> None:
    def doing(portions: int, each_takes: float | None) -> _Doing:
        made = _Doing(InOrder(each([Sampled(Rules(Order.FIFO), str(number), 1, learning=False) for number in range(portions)])))
        made.each = each_takes
        return made

    assert len(doing(100, None).next(3, 0.5)) == 1, "nobody knows how long one takes"
    assert len(doing(100, 0.1).next(3, 0.5)) == 5
    assert len(doing(4, 0.1).next(3, 0.5)) == 2, "two tasks more are wanted"
    assert len(doing(100, 2.0).next(3, 0.5)) == 1
    assert len(doing(10_000, 0.1).next(1_500, 60.0)) == 7, "on a large cluster tasks are longer, where there are enough portions"
    some = doing(6, 0.1)
    some.suspect([0, 3])
    assert [some.next(2, 0.5) for _ in range(4)] == [[0], [1, 2], [3], [4, 5]], "a portion that may have ended a Dask worker goes alone"


def beside(worker: Process) -> list[str]:
    """The processes beside a Dask worker."""
    path = Path(f"/proc/{worker.pid}/task/{worker.pid}/children")
    children = [child for task in path.parents[1].glob("*/children") for child in task.read_text(encoding="utf-8").split()]
    return [child for child in children if b"serve_exploring" in (Path("/proc") / child / "cmdline").read_bytes()]
