"""What a planted defect of the core level is. It refuses to say how the defect is found; the tests do."""

from typing import Any, NamedTuple

from subwarden.checking.causes import Cause
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.subjects.core.program import CoreProgram


class Defect(NamedTuple):
    """`factory` makes the adapter. The finding has `cause`, in `order` and no weaker one, with at most `operations` operations."""

    factory: Any
    cause: Cause
    operations: int
    order: Order = Order.FIFO  # the weakest in which a short check sees it
    cancellation: bool = False  # whether it shows only when something is cancelled
    also: tuple[Cause, ...] = ()  # what the same defect also leads to, in other runs or later in the same one
    program: CoreProgram | None = None  # to explore instead of drawn ones, for a defect that a short check rarely draws

    @property
    def name(self) -> str:
        """The adapter's class."""
        name: str = self.factory.__qualname__
        return name
