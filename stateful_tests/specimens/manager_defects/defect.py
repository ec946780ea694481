"""What a planted defect is: a manager that is wrong in one place, and what the harness must say about it.

It refuses to say how the defect is found; the tests do.
"""

from collections.abc import Callable
from typing import NamedTuple

from subwarden.checking.causes import Cause
from subwarden.impl.manager.api import ManagerApi
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


class Defect(NamedTuple):
    """`factory` makes the manager. The finding has `cause`, in `order` and no weaker one, with at most `operations` operations."""

    factory: Callable[[], ManagerApi]
    cause: Cause
    operations: int
    order: Order = Order.FIFO  # the weakest in which a short check sees it
    cancellation: bool = False  # whether it shows only when something is cancelled
    also: tuple[Cause, ...] = ()  # what the same defect also leads to, in other runs or later in the same one
    program: ManagerProgram | None = None  # to explore instead of drawn ones, for a defect that a short check rarely draws

    @property
    def name(self) -> str:
        """The manager's class."""
        return self.factory.__qualname__

    @property
    def subject(self) -> str:
        """What `--subject` takes."""
        return f"{self.factory.__module__}:{self.factory.__qualname__}"
