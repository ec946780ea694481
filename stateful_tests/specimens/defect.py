"""The record of a planted defect of level manager or core: a manager with one defect, and the finding that the harness must report.

It refuses to say how the defect is found; the tests do.
"""

from typing import Any, NamedTuple

from subwarden.checking.causes import Cause
from subwarden.scheduling.order import Order


class Defect(NamedTuple):
    """`factory` makes the manager. The finding has `cause`, under `order` and no weaker one, with at most `operations` operations."""

    factory: Any
    cause: Cause
    operations: int
    order: Order = Order.FIFO  # the weakest under which a short check finds it
    cancellation: bool = False  # whether it needs a cancellation
    also: tuple[Cause, ...] = ()  # further causes of the same defect, in other runs or later in the same one
    program: Any = None  # explored instead of drawn programs, for a defect that a short check rarely draws

    @property
    def name(self) -> str:
        """The manager's class."""
        name: str = self.factory.__qualname__
        return name

    @property
    def subject(self) -> str:
        """The defect as an argument of `--subject`."""
        return f"{self.factory.__module__}:{self.name}"
