"""simloop, simloom, frontrun and detangle as contenders, each used as its own pages say. Imported only if one is installed."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from importlib import import_module
from typing import Any

from subwarden.benchmarks.peers.contender import Contender
from subwarden.benchmarks.peers.workloads import main_of, workload

SECONDS = 20.0  # the bound for one search of frontrun, which is systematic


def _simloop(name: str, count: int) -> int:
    assert import_module("simloop").explore(main_of(name), range(count)) is None
    return count


def _simloop_find(name: str, seed: int, limit: int) -> int | None:
    report = import_module("simloop").explore(main_of(name), range(seed * limit, (seed + 1) * limit))
    return None if report is None else report.seeds_passed + 1


def _simloom(name: str, count: int) -> int:
    found = import_module("simloom").explore(main_of(name), runs=count)
    assert not found.failed
    return count


def _simloom_find(name: str, seed: int, limit: int) -> int | None:
    found = import_module("simloom").explore(main_of(name), runs=limit, start_seed=seed * limit)
    return found.runs if found.failed else None


async def _worker(task: Callable[[Any], Coroutine[Any, Any, Any]], state: Any) -> None:
    await task(state)


def _explore(name: str, **options: Any) -> Any:
    made = workload(name)
    workers = [partial(_worker, task) for task in made.tasks]
    explore = import_module("frontrun").explore
    return asyncio.run(explore(setup=made.start, workers=workers, invariant=made.ended_well, **options))


def _frontrun(name: str, count: int) -> int:
    return int(_explore(name, max_executions=count).num_explored)


def _frontrun_find(name: str, _seed: int, limit: int) -> int | None:
    found = _explore(name, max_executions=limit, total_timeout=SECONDS, reproduce_on_failure=0)
    return None if found.property_holds is not False else int(found.num_explored)


def _detangle(name: str, count: int) -> int:
    return int(import_module("detangle").explore(main_of(name), runs=count, seed=1, database=False).runs)


def _detangle_find(name: str, seed: int, limit: int) -> int | None:
    detangle = import_module("detangle")
    try:
        detangle.explore(main_of(name), runs=limit, seed=seed, shrink=False, database=False)
    except detangle.BugFound as found:
        return int(found.report.runs)
    return None


CONTENDERS = {
    "detangle": Contender(_detangle, _detangle_find, 200),
    "simloop": Contender(_simloop, _simloop_find, 10),
    "simloom": Contender(_simloom, _simloom_find, 10),
    "frontrun": Contender(_frontrun, _frontrun_find, 10),
}
