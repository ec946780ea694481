"""The default gate finds every planted defect of level server: with its own seed, programs and schedules, and no hunt."""

import sys

import pytest

from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.check import Check, checks_of
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES
from subwarden.stateful_tests.exploring.findings.investigate import confirmed
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.gate.tasks import SHARDS
from subwarden.stateful_tests.specimens.server_defects.catalogue import DEFECTS
from subwarden.stateful_tests.specimens.server_defects.defect import Defect
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL

DEFAULT = PROFILES["ci"]
FIRST = 2_000  # schedules of each shard, its scenes among them: most defects show there


def searched(check: Check, number: int, defect: Defect, most: int) -> bool:
    """Whether a shard of a check has a finding that replays in its first `most` schedules, as a worker of the gate makes them."""
    made: list[int] = []
    budget = Budget(lambda: sum(made) >= most)
    search = GateSearch(check, SERVER_LEVEL, defect.factory, DEFAULT, budget, made.append, make=confirmed, most=1)
    search.round(number, DEFAULT.examples // SHARDS)
    return bool(search.finish().findings)


def found_by_the_gate(defect: Defect) -> bool:
    """Whether some shard of a check finds it. Asked first are those of the order and the cancellations that it needs: they find most."""
    shards = [(check, number) for check in checks_of(SERVER_LEVEL.name) for number in range(SHARDS)]
    cancels = SERVER_LEVEL.cancels(defect.program)
    shards.sort(key=lambda shard: (shard[0].order is not defect.order, shard[0].cancellation is not cancels))
    return any(searched(*shard, defect, most) for most in (FIRST, sys.maxsize) for shard in shards)


@pytest.mark.slow
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_the_default_gate_finds_a_planted_defect(defect: Defect) -> None:
    with running():
        assert found_by_the_gate(defect)
