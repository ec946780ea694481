"""Every wrong that a monitor of level server can find is reached by that monitor's tests, and belongs to one monitor."""

import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

from subwarden.model.server import approvals, broadcasts, deliveries
from subwarden.model.server.deliveries import Wrong


@pytest.mark.parametrize("monitor", [deliveries, approvals, broadcasts], ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_wrong_of_a_monitor_is_reached_by_its_tests(monitor: ModuleType) -> None:
    wrongs = set(re.findall(r"Wrong\.(\w+)", inspect.getsource(monitor)))
    name = monitor.__name__.rpartition(".")[2]
    tests = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob(f"test_{name}*.py")))
    assert wrongs
    assert all(re.search(rf"Wrong\.{wrong}\b", tests) for wrong in wrongs)


def test_every_wrong_belongs_to_a_monitor() -> None:
    source = "".join(inspect.getsource(monitor) for monitor in (deliveries, approvals, broadcasts))
    assert all(re.search(rf"Wrong\.{wrong.name}\b", source) for wrong in Wrong)
