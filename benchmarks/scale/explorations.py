"""The exploration of one scenario by two Dask workers against two local processes, and the sizes of its tasks. Needs the extra `dask`."""

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from subwarden.scheduling.order import Order
from subwarden.stateful_tests.cluster import identity
from subwarden.stateful_tests.cluster.exploring import ExploringTask
from subwarden.stateful_tests.cluster.luggage import pack
from subwarden.stateful_tests.explore.exploration import Plan, explore_scenario
from subwarden.stateful_tests.explore.searching.crew import Alone, Crew, Take
from subwarden.stateful_tests.explore.searching.portions import Done, Portion
from subwarden.stateful_tests.exploring.budget import UNLIMITED, Budget
from subwarden.stateful_tests.subjects.scenario.play import ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import load_scenario

PAIRS = 5
FILE = Path(__file__).with_name("scenario.py")
SHORT, LONG = f"{FILE}:counters", f"{FILE}:more_counters"
SCHEDULES = 400_000  # the bound of their complete searches
DASK = ("--dask", "local")


def seconds(scenario: str, *more: str) -> float:
    """Seconds of the search of one exploration by two workers, without their start and end."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "explore.json"
        command = [sys.executable, "-m", "subwarden", "explore", scenario, "--order", "any", "--schedules", str(SCHEDULES)]
        done = subprocess.run([*command, "--jobs", "2", "--json", str(record), *more], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        (check,) = json.loads(record.read_text(encoding="utf-8"))["checks"]
        took: float = check["seconds"]
        return took


class _Overheard:
    """A crew that notes each portion and its outcome."""

    def __init__(self, crew: Crew) -> None:
        self.lost: list[str] = []
        self.heard: list[tuple[Portion, Done]] = []
        self._crew = crew

    def do(self, take: Take, budget: Budget) -> Iterator[Done]:
        taken: deque[Portion] = deque()

        def noted() -> Portion | None:
            portion = take()
            taken.extend([] if portion is None else [portion])
            return portion

        for done in self._crew.do(noted, budget):
            self.heard.append((taken.popleft(), done))
            yield done

    def close(self) -> None:
        self._crew.close()


def sizes() -> tuple[int, int]:
    """Bytes of the largest task of that exploration, and of its result."""
    scenario = load_scenario(SHORT)
    crew = _Overheard(Alone(lambda rules: ScenarioRunner(scenario, rules)))
    explore_scenario(scenario, Plan((Order.ANY,), schedules=SCHEDULES), UNLIMITED, crew=crew)
    more = frozenset[str](), 0, pack(SHORT), identity.here(), None
    tasks = [(len(pickle.dumps(ExploringTask("scale", "scale", (of,), False, *more))), len(pickle.dumps(done))) for of, done in crew.heard]
    return max(tasks)


def pairs(scenario: str) -> Iterator[str]:
    """The table of one scenario's searches."""
    yield f"{PAIRS} pairs of the complete search of {Path(scenario).name}, two workers each, in turns"
    yield "| load before | local processes, s | Dask, s | efficiency |"
    yield "|---|---|---|---|"
    shares = []
    for number in range(PAIRS):
        load = os.getloadavg()[0]
        first, second = (seconds(scenario, *more) for more in ((DASK, ()) if number % 2 else ((), DASK)))
        local, dask = (second, first) if number % 2 else (first, second)
        shares.append(local / dask)
        yield f"| {load:.1f} | {local:.1f} | {dask:.1f} | {local / dask:.0%} |"
    yield f"efficiency of two Dask workers: {median(shares):.0%} of two local processes (median)"


def main() -> Iterator[str]:
    """The pairs of the short search and of the long one, and the sizes of the short one's tasks."""
    yield from pairs(SHORT)
    yield ""
    yield from pairs(LONG)
    task, result = sizes()
    yield f"the largest task of the first: {task:,} bytes, its result {result:,}"
