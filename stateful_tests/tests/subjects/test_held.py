"""Runs of level server that hunts found, in which `manager` or the model was wrong. All hold since they were mended."""

from pathlib import Path
from random import Random

import pytest

from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.replay import read
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.tests.paths import DATA
from subwarden.stateful_tests.tests.subjects.server_play import server

RUNS = sorted((DATA / "held").glob("*.json"))
SCHEDULES = 60  # more of each program, since a step that is added or removed makes the saved run another one


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_a_run_that_was_wrong_holds(path: Path) -> None:
    replay = read(str(path))
    with running():
        runner = Runner(SERVER_LEVEL, server("manager"), replay.order)
        result, names = runner.guided(replay.program, list(replay.names))
        assert not result.details
        assert len(set(names) & set(replay.names)) > len(set(replay.names)) * 0.9, "it is no longer that run"
        for order in Order:
            runner, strategy = Runner(SERVER_LEVEL, server("manager"), order), Portfolio(Random(0))
            for _ in range(SCHEDULES):
                explored = runner.run_strategy(replay.program, strategy)
                assert explored is not None
                assert not explored.details


def test_there_are_saved_runs() -> None:
    assert len(RUNS) >= 6
