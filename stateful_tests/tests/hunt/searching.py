"""A hunt's search in this process, with a memory of the findings it told."""

from collections.abc import Callable

from subwarden.checking.causes import Cause
from subwarden.checking.manager.graph import ManagerGraph
from subwarden.impl.manager.api import ManagerApi
from subwarden.model.manager import operations as op
from subwarden.stateful_tests.exploring.check import CHECKS, Check
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.hunt.search import Hunter, Rank
from subwarden.stateful_tests.hunt.work import Kept, Work
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

FIFO, _, ANY, _ = CHECKS
CLOSES = ManagerProgram(((op.ConnectionInitialized(1),), (op.RemoveConnection(1),)))


class Search:
    """A Hunter with a memory of what it told."""

    def __init__(self, factory: Callable[[], ManagerApi], check: Check, enough: Callable[[], bool] = lambda: False) -> None:
        self.told: list[Kept] = []
        self.known: dict[Cause, Rank] = {}
        self.hunter = Hunter(check, factory, ManagerGraph(), self.known.get, self._found, enough)

    def _found(self, kept: Kept) -> None:
        self.told.append(kept)
        order, cancellation, _ = kept.finding.rank()
        self.known[kept.finding.cause] = (order, cancellation)

    def round(self, number: int = 1, steps: int = 4) -> Work:
        with running():
            self.hunter.hunt(number, steps)
        return self.hunter.take()
