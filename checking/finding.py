"""A finding: a cause, and the minimal run that shows it under the weakest order in which it fails."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from subwarden.checking.causes import Cause
from subwarden.model.properties import CoreProperty, Property
from subwarden.scheduling.order import Order
from subwarden.scheduling.string_hash import current

Case = TypeVar("Case")


@dataclass(frozen=True, slots=True)
class Finding(Generic[Case]):
    """`names` is a schedule of `program`, at `level`, that shows `cause` under `order`. `size` is (operations, deviations from fifo).
    `hash_seed`: that of the process in which it shows (`scheduling.string_hash`); None where it is not known."""

    cause: Cause
    order: Order
    cancellation: bool
    program: Case
    names: tuple[str, ...]
    size: tuple[int, int]
    level: str
    hash_seed: int | None = field(default_factory=current, compare=False)

    @property
    def broken(self) -> Property | CoreProperty:
        """The broken property. A failure that needs a cancellation breaks P11, and is reported under it."""
        return Property.P11 if self.cancellation else self.cause.property

    def rank(self) -> tuple[int, bool, tuple[int, int]]:
        """The sort key of evidence, smaller is better: a weaker order, then a run without cancellation, then a smaller run."""
        return (list(Order).index(self.order), self.cancellation, self.size)

    @property
    def id(self) -> str:
        """The finding's short name, the same in every run: `P2-a-closed-connection-is-live-again`."""
        return self.cause._replace(property=self.broken).slug()
