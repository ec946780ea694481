"""The record of a planted defect: a manager with one defect, and the finding that the harness must report.

It refuses to say how the defect is found; the tests do.
"""

from collections.abc import Callable
from typing import NamedTuple

from subwarden.checking.causes import Cause
from subwarden.impl.manager.api import ManagerApi
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


class Defect(NamedTuple):
    """`factory` makes the manager. The finding has `cause`, under `order` and no weaker one, with at most `operations` operations."""

    factory: Callable[[], ManagerApi]
    cause: Cause
    operations: int
    order: Order = Order.FIFO  # the weakest under which a short check finds it
    cancellation: bool = False  # whether it needs a cancellation
    also: tuple[Cause, ...] = ()  # further causes of the same defect, in other runs or later in the same one
    program: ManagerProgram | None = None  # explored instead of drawn programs, for a defect that a short check rarely draws

    @property
    def name(self) -> str:
        """The manager's class."""
        return self.factory.__qualname__

    @property
    def subject(self) -> str:
        """The defect as an argument of `--subject`."""
        return f"{self.factory.__module__}:{self.factory.__qualname__}"
