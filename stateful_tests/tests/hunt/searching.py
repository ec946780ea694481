"""A hunt's search in this process, with a memory of the findings it told."""

from collections.abc import Callable

from subwarden.checking.causes import Cause
from subwarden.impl.manager.api import ManagerApi
from subwarden.model.manager import operations as op
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.hunt.search import Hunter, Rank
from subwarden.stateful_tests.hunt.work import Kept, Work
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.tests.checks import CHECKS

FIFO, _, ANY, _ = CHECKS
CLOSES = ManagerProgram(((op.ConnectionInitialized(1),), (op.RemoveConnection(1),)))


class Search:
    """A hunter, and the findings that it told."""

    def __init__(self, factory: Callable[[], ManagerApi], check: Check, enough: Callable[[], bool] = lambda: False) -> None:
        self.out_of_time = False  # to shrink a finding
        self.told: list[Kept] = []
        self.known: dict[Cause, Rank] = {}
        self.hunter = Hunter(
            check, MANAGER_LEVEL, factory, self.known.get, self._found, Budget(enough), lambda: Budget(lambda: self.out_of_time)
        )

    def _found(self, kept: Kept) -> None:
        self.told.append(kept)
        order, cancellation, _ = kept.finding.rank()
        self.known[kept.finding.cause] = (order, cancellation)

    def round(self, number: int = 1, steps: int = 4) -> Work:
        with running():
            self.hunter.round(number, steps)
        return self.hunter.take()
