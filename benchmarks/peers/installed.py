"""simloop, simloom, frontrun, detangle and seedloop as contenders, each used as its own pages say. Imported only if one is installed."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from importlib import import_module
from typing import Any

from subwarden.benchmarks.peers.contender import Contender
from subwarden.benchmarks.peers.workloads import CHAT, CHAT_FIXED, main_of, workload

ADDRESS = "127.0.0.1"  # simloom looks up "localhost" as another host than the one that serves there
SECONDS = 20.0  # the bound for one search of frontrun, which is systematic


def _on_localhost(name: str) -> Callable[[], Coroutine[Any, Any, None]]:
    """A workload on a host of simloop's network."""
    main = main_of(name)

    async def inside() -> None:
        loop: Any = asyncio.get_running_loop()
        await loop.net.host("localhost").create_task(main())

    return inside if name in (CHAT, CHAT_FIXED) else main


def _simloop(name: str, count: int) -> int:
    assert import_module("simloop").explore(_on_localhost(name), range(count)) is None
    return count


def _simloop_searched(name: str, seed: int, limit: int, **options: Any) -> Any:
    return import_module("simloop").explore(_on_localhost(name), range(seed * limit, (seed + 1) * limit), **options)


def _simloop_find(name: str, seed: int, limit: int) -> int | None:
    report = _simloop_searched(name, seed, limit)
    return None if report is None else report.seeds_passed + 1


def _simloop_shrink(name: str, seed: int, limit: int) -> int | None:
    report = _simloop_searched(name, seed, limit, shrink=True)
    return None if report is None else len(report.shrunk.kept)


def _simloom(name: str, count: int) -> int:
    found = import_module("simloom").explore(main_of(name, ADDRESS), runs=count)
    assert not found.failed
    return count


def _simloom_find(name: str, seed: int, limit: int) -> int | None:
    found = import_module("simloom").explore(main_of(name, ADDRESS), runs=limit, start_seed=seed * limit)
    return found.runs if found.failed else None


def _simloom_shrink(name: str, seed: int, limit: int) -> int | None:
    simloom = import_module("simloom")
    found = simloom.explore(main_of(name, ADDRESS), runs=limit, start_seed=seed * limit)
    return int(simloom.shrink(main_of(name, ADDRESS), found.first_failure).deviations) if found.failed else None


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


def _detangle_report(name: str, seed: int, limit: int, *, shrink: bool) -> Any:
    detangle = import_module("detangle")
    try:
        detangle.explore(main_of(name), runs=limit, seed=seed, shrink=shrink, database=False)
    except detangle.BugFound as found:
        return found.report
    return None


def _detangle_find(name: str, seed: int, limit: int) -> int | None:
    report = _detangle_report(name, seed, limit, shrink=False)
    return None if report is None else int(report.runs)


def _detangle_shrink(name: str, seed: int, limit: int) -> int | None:
    report = _detangle_report(name, seed, limit, shrink=True)
    return None if report is None else int(report.deviations)


def _seedloop_check(name: str, seeds: range) -> Any:
    main = main_of(name)
    return import_module("seedloop").check(lambda _world: main(), seeds=seeds, on_failure="return")


def _seedloop(name: str, count: int) -> int:
    found = _seedloop_check(name, range(count))
    if found.error is not None:  # it has no network for asyncio's streams, and says so
        raise found.error
    return count


def _seedloop_find(name: str, seed: int, limit: int) -> int | None:
    found = _seedloop_check(name, range(seed * limit, (seed + 1) * limit))
    if found.error is None:
        return None
    if not isinstance(found.error, AssertionError):
        raise found.error
    return int(found.checked)


CONTENDERS = {
    "detangle": Contender(_detangle, _detangle_find, 200, shrink=_detangle_shrink),
    "simloop": Contender(_simloop, _simloop_find, 10, shrink=_simloop_shrink),
    "simloom": Contender(_simloom, _simloom_find, 10, shrink=_simloom_shrink),
    "frontrun": Contender(_frontrun, _frontrun_find, 10),
    "seedloop": Contender(_seedloop, _seedloop_find, 50),
}
