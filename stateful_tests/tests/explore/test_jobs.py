"""The search of a scenario is the same however many processes share it, and whichever of them are killed."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from subwarden.cli.main import main
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.explore.exploration import Plan, explore_scenario
from subwarden.stateful_tests.explore.searching import proof
from subwarden.stateful_tests.explore.searching.crew import Alone, Crew, Processes, Take
from subwarden.stateful_tests.explore.searching.portions import Deviations, Done, Expansions, Portion, Sampled
from subwarden.stateful_tests.exploring.budget import UNLIMITED, Budget, lasting
from subwarden.stateful_tests.subjects.scenario.play import Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import load_scenario
from subwarden.stateful_tests.tests.paths import DATA
from subwarden.stateful_tests.tests.processes import PATIENCE, SUBWARDEN, wait_for
from subwarden.stateful_tests.workers.in_order import each

FILE = DATA / "scenarios" / "shared_search.py"
PLAN = Plan((Order.ANY,), schedules=6_000)


def explored(name: str, crew: Crew | None = None, plan: Plan = PLAN) -> dict[str, Any]:
    """The record, without the time that it took."""
    record: dict[str, Any] = dict(explore_scenario(load_scenario(f"{FILE}:{name}"), plan, UNLIMITED, crew=crew).record)
    for check in record["checks"]:
        del check["seconds"]
    return record


@pytest.mark.slow
@pytest.mark.parametrize("name", ["one_order", "counted", "one_value"])
def test_any_number_of_processes_does_the_same_search(name: str) -> None:
    """Findings, counts, end states and complete searches are those of one process."""
    alone = explored(name)
    assert alone["verdict"] == ("holds" if name == "counted" else "violated")
    if name == "counted":
        assert alone["checks"][0]["states"] > 1_000
        assert alone["checks"][0]["interleavings"] > 10**6
    else:
        assert alone["findings"][0]["found"] > 216, "it shows after the part that one process does"
    for jobs in (1, 2, 4):
        with closing(Processes(f"{FILE}:{name}", frozenset(), jobs)) as crew:
            assert explored(name, crew) == alone


@pytest.mark.slow
def test_a_killed_process_costs_its_portion_which_another_does() -> None:
    alone = explored("counted")
    with closing(Processes(f"{FILE}:counted", frozenset(), 2)) as crew:

        def kill() -> None:
            wait_for(lambda: crew._pool.busy)
            os.kill(next(iter(crew._pool.busy)).number, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        record = explored("counted", crew)
        killer.join()
    (lost,) = record.pop("lost")
    assert lost == "a worker was killed (SIGKILL: by somebody, or for want of memory); another does its portion again"
    assert record == alone


@pytest.mark.slow
def test_a_scenario_that_ends_its_process_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its replay shows it, and says when the scenario was mended."""
    mine, record = tmp_path / "mine.py", tmp_path / "record.json"
    mine.write_bytes(FILE.read_bytes())
    command = ["explore", f"{mine}:kills", "--order", "fifo"]
    assert main([*command, "--schedules", "9000", "--jobs", "2", "--json", str(record)]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "kills ends the process that runs it: in order fifo, each of three workers ended with exit code 7" in said
    assert "violated (1 failure" in said
    (killing,) = json.loads(record.read_text(encoding="utf-8"))["killing"]
    replay = ["explore", f"{mine}:kills", "--replay", killing["replay"]]
    assert f"replay: subwarden explore {mine}:kills --replay {killing['replay']}" in said
    assert main(replay) == 1
    assert "violated (it ends the process that runs it: it ended with exit code 7)" in " ".join(capsys.readouterr().out.split())
    mine.write_text(mine.read_text(encoding="utf-8").replace("_exit(7)", "getpid()"), encoding="utf-8")
    assert main(replay) == 0
    assert "holds (the run does not end the process any more)" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_a_state_that_ends_its_process_is_not_searched_by_the_process_that_shares_the_portions(tmp_path: Path) -> None:
    command = [*SUBWARDEN, "explore", f"{FILE}:ends_in_one_order", "--order", "any", "--schedules", "4000", "--jobs", "2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1, done.stderr
    said = " ".join(done.stdout.split())
    assert "ends_in_one_order ends the process that runs it: in order any, each of three workers ended with exit code 7" in said


ENDS = """
import asyncio
import ctypes
import os

async def ends(call):
    order = []

    async def append(name):
        await asyncio.sleep(0)
        order.append(name)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(append(1))
        tasks.create_task(append(2))
    if order == [2, 1]:  # in order `any`, and soon
        call()

async def exits():
    await ends(lambda: ctypes.CDLL(None)._exit(7))

async def crashes():
    await ends(lambda: ctypes.string_at(0))

async def is_killed():
    await ends(lambda: ctypes.CDLL(None).kill(os.getpid(), 9))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "died"),
    [
        ("exits", "ended with exit code 7"),
        ("crashes", "was killed by SIGSEGV, a crash in native code that mine.py:23 called"),
        ("is_killed", "was killed (SIGKILL: by somebody, or for want of memory)"),
    ],
)
def test_so_is_one_that_does_it_in_the_runs_before_the_portions(
    name: str, died: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The process that shares the portions would make those runs itself, and die of them without a word."""
    monkeypatch.chdir(tmp_path)  # places are told as seen from here
    record = tmp_path / "record.json"
    (tmp_path / "mine.py").write_text(ENDS, encoding="utf-8")
    assert main(["explore", f"mine.py:{name}", "--jobs", "2", "--json", str(record)]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert f"{name} ends the process that runs it: in order any, each of three workers {died}" in said
    (killing,) = json.loads(record.read_text(encoding="utf-8"))["killing"]
    assert main(["explore", f"mine.py:{name}", "--replay", killing["replay"]]) == 1


@pytest.mark.slow
def test_a_budget_ends_the_portions_of_all_processes() -> None:
    rules = Rules(Order.ANY)
    with closing(Processes(f"{FILE}:counted", frozenset(), 2)) as crew:
        assert len(list(crew.do(each([Sampled(rules, "", 1, learning=False)] * 2), UNLIMITED))) == 2, "both have started"
        portions: list[Portion] = [Sampled(rules, str(number), 10**9, learning=False) for number in range(9)]
        outcomes = list(crew.do(each(portions), lasting(1.0)))
    assert 1 <= len(outcomes) <= 2
    assert not any(done.complete for done in outcomes)
    assert all(done.schedules for done in outcomes), "what was done until then counts"


@pytest.mark.slow
def test_waiting_for_long_portions_is_not_taken_for_a_run_that_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", f"{FILE}:slowly", "--order", "fifo", "--schedules", "600", "--jobs", "2"]) == 0
    assert "holds (no failure in 600 schedules" in capsys.readouterr().out


class Overheard:
    """A crew that notes what it is given, and does it here."""

    def __init__(self, crew: Crew) -> None:
        self.lost: list[str] = []
        self.portions: list[Portion] = []
        self._crew = crew

    def do(self, take: Take, budget: Budget) -> Iterator[Done]:
        def noted() -> Portion | None:
            portion = take()
            self.portions += [] if portion is None else [portion]
            return portion

        return self._crew.do(noted, budget)

    def close(self) -> None:
        pass


class Ahead:
    """A crew that takes up to `most` portions before it does the first of them, here."""

    def __init__(self, crew: Crew, most: int) -> None:
        self.lost: list[str] = []
        self._crew = crew
        self._most = most

    def do(self, take: Take, budget: Budget) -> Iterator[Done]:
        taken: list[Portion] = []
        while True:
            while len(taken) < self._most and (portion := take()) is not None:
                taken.append(portion)
            if not taken:
                return
            yield from self._crew.do(each([taken.pop(0)]), budget)

    def close(self) -> None:
        pass


def test_when_a_portion_is_taken_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """States of the next layer are given out while some of this one are not expanded; the search is that of one process."""
    monkeypatch.setattr(proof, "PLACES", 3)
    scenario, plan = load_scenario(f"{FILE}:few"), replace(PLAN, schedules=1_001)
    portions, records = [], []
    for ahead in (1, 100):
        crew = Overheard(Ahead(Alone(lambda rules: ScenarioRunner(scenario, rules)), ahead))
        records.append(explored("few", crew, plan))
        portions.append(crew.portions)
    assert portions[0] == portions[1]
    assert records[0] == records[1]
    depths = [len(portion.places[0].choices) for portion in portions[0] if isinstance(portion, Expansions)]
    assert depths == sorted(depths)
    assert len(depths) > 20
    assert records[0]["checks"][0]["complete"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["counted", "one_value"])
def test_no_two_portions_do_the_same(name: str) -> None:
    """No state is expanded twice, no deviation is run twice, no seed is used twice."""
    with closing(Processes(f"{FILE}:{name}", frozenset(), 2)) as processes:
        crew: Any = Overheard(processes)
        explored(name, crew, Plan((Order.ANY,), schedules=4_000, cancel=False, seed=3))
    states = [place.state for portion in crew.portions if isinstance(portion, Expansions) for place in portion.places]
    prefixes = [prefix for portion in crew.portions if isinstance(portion, Deviations) for prefix in portion.prefixes]
    seeds = [portion.seed for portion in crew.portions if isinstance(portion, Sampled)]
    assert len({state.digest if state else b"" for state in states}) == len(states)
    assert len(set(prefixes)) == len(prefixes)
    assert len(set(seeds)) == len(seeds)
    assert states if name == "counted" else prefixes and seeds
