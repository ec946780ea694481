"""A check: one level in one order, with or without cancellation."""

from dataclasses import dataclass

from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.points import EVENT_BETWEEN, FREE_LOCK, PASSED, Point, at_level
from subwarden.stateful_tests.exploring.level import Level


@dataclass(frozen=True, slots=True)
class Check:
    """One check. It knows its level by name: it crosses processes, and is written to disk."""

    order: Order
    cancellation: bool
    level: str

    @property
    def name(self) -> str:
        """Its name in reports and records."""
        return self.named(self.level)

    def named(self, level: str) -> str:
        """Its name where its level is called `level`."""
        return f"{level}, {self.order.value}" + (" + cancel" if self.cancellation else "")

    def expected(self, level: Level) -> set[Point]:
        """The points that must be covered, in this or another check, for a pass not to be vacuous. `level` is the one that `self.level`
        names.
        """
        expected = level.expected(self.order, self.cancellation) | {EVENT_BETWEEN[self.order]}
        if self.order is Order.ANY:
            expected |= {PASSED, FREE_LOCK}
        return at_level(level.scope, expected)


def checks_of(*levels: str) -> tuple[Check, ...]:
    """All checks of these levels, by their names."""
    return tuple(Check(order, cancellation, level) for level in levels for order in Order for cancellation in (False, True))
