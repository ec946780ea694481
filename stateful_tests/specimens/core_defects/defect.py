"""The record of a planted defect of the core level."""

from typing import Any, NamedTuple

from subwarden.checking.causes import Cause
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.subjects.core.program import CoreProgram


class Defect(NamedTuple):
    """`factory` makes the adapter. The finding has `cause`, under `order` and no weaker one, with at most `operations` operations."""

    factory: Any
    cause: Cause
    operations: int
    order: Order = Order.FIFO  # the weakest under which a short check finds it
    cancellation: bool = False  # whether it needs a cancellation
    also: tuple[Cause, ...] = ()  # further causes of the same defect, in other runs or later in the same one
    program: CoreProgram | None = None  # explored instead of drawn programs, for a defect that a short check rarely draws

    @property
    def name(self) -> str:
        """The adapter's class."""
        name: str = self.factory.__qualname__
        return name
