"""A finding: a cause, and the minimal run that shows it, in the weakest order in which it fails."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from subwarden.checking.causes import Cause
from subwarden.model.properties import CoreProperty, Property
from subwarden.scheduling.order import Order

Case = TypeVar("Case")


@dataclass(frozen=True, slots=True)
class Finding(Generic[Case]):
    """`names` is the schedule of `program`, of `level`, that shows `cause` in `order`. `size` is (operations, deviations from fifo)."""

    cause: Cause
    order: Order
    cancellation: bool
    program: Case
    names: tuple[str, ...]
    size: tuple[int, int]
    level: str

    @property
    def broken(self) -> Property | CoreProperty:
        """The property broken. What only happens when something is cancelled breaks P11, whatever else it breaks then."""
        return Property.P11 if self.cancellation else self.cause.property

    def rank(self) -> tuple[int, bool, tuple[int, int]]:
        """Smaller is better evidence: a weaker order first, then a run without cancellation, then a smaller one."""
        return (list(Order).index(self.order), self.cancellation, self.size)

    @property
    def id(self) -> str:
        """A short name that is the same in every run: `P2-a-closed-connection-is-live-again`."""
        return self.cause._replace(property=self.broken).slug()
