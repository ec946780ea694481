"""A run that is followed again leaves nothing behind if it cannot be followed to its end.

The subject then does something else than it did; what is left would complain later, in the middle of something else.
"""

import gc
import sys
import warnings
from collections.abc import Callable

import pytest

from subwarden.checking import causes
from subwarden.impl.manager.manager import Manager
from subwarden.model.core.step import Connect
from subwarden.model.manager import operations as op
from subwarden.model.server.requests import Initialize
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import Divergence
from subwarden.stateful_tests.exploring.findings.narrate import Narration
from subwarden.stateful_tests.exploring.level import Factory, FailingRun, Level, Program
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.program import ServerProgram
from subwarden.stateful_tests.tests.subjects.core_adapters import Small
from subwarden.stateful_tests.tests.subjects.core_level import factory_of

NAMES = ("+start A", "+start B", "+start of nobody")  # two tasks, neither of which has run
CALLS = ManagerProgram(((op.ConnectionInitialized(1),), (op.HasSubscribers(1),)))
CORE_CALLS = CoreProgram(((Connect("c1"),), (Connect("c2"),)))
SERVER = load("manager", "server")
REQUESTS = ServerProgram(((Initialize(1),), (Initialize(2),)))


def observed(level: Level, factory: Factory, program: Program) -> None:
    """Follow the run with a narrator and a claimant listening."""
    claimant = level.claimant(FailingRun(Order.FIFO, program, NAMES, causes.MAPS_DISAGREE))
    Runner(level, factory, Order.FIFO).follow(program, NAMES, [Narration(), claimant])


@pytest.mark.parametrize(
    "again",
    [
        lambda: observed(MANAGER_LEVEL, Manager, CALLS),
        lambda: observed(SERVER_LEVEL, SERVER, REQUESTS),
        lambda: observed(CORE_LEVEL, factory_of(Small), CORE_CALLS),
    ],
    ids=["of level manager", "of level server", "of level core"],
)
def test_no_coroutine_task_or_exception_is_left_behind(
    again: Callable[[], object], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: unraisable.append(args.exc_value or args.err_msg))
    with warnings.catch_warnings(record=True) as said, running():
        warnings.simplefilter("always")
        with pytest.raises(Divergence):
            again()
        gc.collect()
    assert [str(warning.message) for warning in said] == []
    assert unraisable == []
    assert caplog.messages == []
