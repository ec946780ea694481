"""The default gate finds every planted defect of level server: with its own seed, programs and schedules, and no hunt."""

import pytest

from subwarden.stateful_tests.exploring.check import checks_of
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES
from subwarden.stateful_tests.exploring.findings.investigate import confirmed
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.gate.tasks import SHARDS
from subwarden.stateful_tests.specimens.server_defects.catalogue import DEFECTS
from subwarden.stateful_tests.specimens.server_defects.defect import Defect
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL

DEFAULT = PROFILES["ci"]


def found_by_the_gate(defect: Defect) -> bool:
    """Whether some shard of a check has a finding that replays, as a worker of the gate makes them."""
    for number in range(SHARDS):
        for check in checks_of(SERVER_LEVEL.name):
            search = GateSearch(check, SERVER_LEVEL, defect.factory, DEFAULT, make=confirmed, most=1)
            search.round(number, DEFAULT.examples // SHARDS)
            if search.finish().findings:
                return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_the_default_gate_finds_a_planted_defect(defect: Defect) -> None:
    with running():
        assert found_by_the_gate(defect)
