"""The growth of a hunt on Dask: two workers against two local processes, and a simulation of a thousand. Needs the extra `dask`.

Measured here: schedules per second of both kinds of hunt, in turns; the sizes of a task and of its result; the seconds that a scheduler and
the client need for each. Simulated: N workers, each of which does a task of some seconds and then waits for its turn at the scheduler and
at the client, which serve one at a time. The rows are no measurement of 1,000 machines: a network, and their starts, cost more.
"""

import heapq
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import distributed

from subwarden.stateful_tests.cluster import identity
from subwarden.stateful_tests.cluster.carrier import PORTION
from subwarden.stateful_tests.cluster.luggage import Luggage
from subwarden.stateful_tests.cluster.portion import Portion, carry
from subwarden.stateful_tests.hunt.plan import checks_in
from subwarden.stateful_tests.hunt.work import Totals
from subwarden.stateful_tests.hunt.worker import Assignment

PAIRS = 7
BUDGET = 20  # seconds of each hunt: short, so that both of a pair meet the same load
BAR = 0.85
ROUNDS = 4
ALIKE = 3  # pairs of hunts of the same rounds
DASK = ("--dask", "local")
TASKS = 300
WORKERS = (1, 2, 16, 64, 256, 1_000, 4_000)
SIMULATED = 600.0  # seconds


def hunt(seed: int, *more: str) -> float:
    """Schedules per second of one hunt of the default subject by two workers."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "hunt.json"
        command = [sys.executable, "-m", "subwarden", "hunt", "--level", "manager", "--budget", str(BUDGET), "--jobs", "2"]
        command += ["--seed", str(seed), "--dir", folder, "--json", str(record), *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 3:
            raise RuntimeError(done.stderr)
        data = json.loads(record.read_text(encoding="utf-8"))
        rate: float = data["session"]["schedules"] / data["session"]["seconds"]
        return rate


def processor_time(*more: str) -> float:
    """Seconds of the processor that one hunt takes, in all its processes: `ROUNDS` rounds of two workers, the same search each time."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "subwarden", "hunt", "--level", "manager", "--rounds", str(ROUNDS), "--jobs", "2", "--dir", folder]
        before = os.times()
        done = subprocess.run([*command, *more], capture_output=True, text=True, check=False)
        after = os.times()
        if done.returncode == 3:
            raise RuntimeError(done.stderr)
        return after.children_user + after.children_system - before.children_user - before.children_system


def _echo(_task: bytes, result: bytes) -> bytes:
    return result


def costs() -> tuple[int, int, float, float]:
    """Bytes of a task and of its result, and seconds of the scheduler and of the client for one."""
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        assignment = Assignment("source", checks_in("source", "fifo", "manager"), 0, 0, 0, 9, None, {}, pause=PORTION)
        portion = Portion("scale", "scale", assignment, 0, Luggage("source", (), ""), identity.here(), "", None)
        result: Any = client.submit(carry, portion, key="scale").result()
        task, answer = pickle.dumps(portion), pickle.dumps(result)
        began = perf_counter()
        client.gather([client.submit(_echo, task, answer, pure=False) for _ in range(TASKS)])
        scheduler = (perf_counter() - began) / TASKS
    totals = Totals()
    began = perf_counter()
    for _ in range(TASKS):
        for message, about in pickle.loads(answer):
            for check, work in about.items() if message == "work" else ():
                totals.add(check, work)
                json.dumps(work.encode())
    return len(task), len(answer), scheduler, (perf_counter() - began) / TASKS


def simulated(workers: int, portion: float, served: float) -> float:
    """The share of `workers`' time that goes into tasks, if each must be `served` so many seconds after each task, one at a time."""
    random = Random(0)
    ready = [random.uniform(0, portion) for _ in range(workers)]
    heapq.heapify(ready)
    free = done = 0.0
    while ready[0] < SIMULATED:
        free = max(heapq.heappop(ready), free) + served
        length = portion * random.uniform(0.7, 1.3)
        done += length
        heapq.heappush(ready, free + length)
    return min(1.0, done / (workers * SIMULATED))


def main() -> Iterator[str]:
    """The pairs, the costs, and the growth."""
    yield f"{os.cpu_count()} cores; {PAIRS} pairs of hunts of {BUDGET} s, two workers each, in turns"
    yield "| seed | load before | local processes, schedules/s | Dask, schedules/s | share |"
    yield "|---|---|---|---|---|"
    shares = []
    for seed in range(PAIRS):
        load = os.getloadavg()[0]
        first, second = (hunt(seed, *more) for more in ((DASK, ()) if seed % 2 else ((), DASK)))
        local, dask = (second, first) if seed % 2 else (first, second)
        shares.append(dask / local)
        yield f"| {seed} | {load:.1f} | {local:,.0f} | {dask:,.0f} | {dask / local:.0%} |"
    yield f"efficiency of two Dask workers: {median(shares):.0%} of two local processes (median; bar: {BAR:.0%})"
    alike = [(processor_time(), processor_time(*DASK)) for _ in range(ALIKE)]
    local, dask = (median(times) for times in zip(*alike, strict=True))
    said = f"the same {ROUNDS} rounds of two workers take {local:.1f} s of the processor in local processes, and {dask:.1f} s on Dask"
    yield f"{said} ({local / dask:.0%}; the start of the cluster is in it)"
    task, result, scheduler, client = costs()
    served = max(scheduler, client)
    yield f"a task {task:,} bytes, its result {result:,}; scheduler {1000 * scheduler:.1f} ms, client {1000 * client:.1f} ms for each"
    yield f"| workers (simulated) | tasks/s | kB/s | share of their time at work, tasks of {PORTION:.0f} s | of {4 * PORTION:.0f} s |"
    yield "|---|---|---|---|---|"
    for workers in WORKERS:
        rate = workers / PORTION
        shares = [simulated(workers, portion, served) for portion in (PORTION, 4 * PORTION)]
        yield f"| {workers:,} | {rate:,.1f} | {rate * (task + result) / 1000:,.0f} | {shares[0]:.0%} | {shares[1]:.0%} |"
    yield f"the first of the two that serve one at a time is full at {PORTION / served:,.0f} workers"
