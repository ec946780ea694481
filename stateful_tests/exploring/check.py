"""What is to be checked: a level in one order, with or without cancellation."""

from dataclasses import dataclass

from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.overlap import PASSED
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

    def expected(self, level: Level) -> set[str]:
        """The points that must be covered, in this or another check, for a pass not to be vacuous. `level` is the one that `self.level`
        names.
        """
        expected = level.expected(self.order, self.cancellation) | {f"order {self.order.value}: an outside event between ready steps"}
        if self.order is Order.ANY:
            expected |= {PASSED, "order any: a free lock suspends"}
        return {level.prefix + name for name in expected}


def checks_of(*levels: str) -> tuple[Check, ...]:
    """All checks of these levels, by their names."""
    return tuple(Check(order, cancellation, level) for level in levels for order in Order for cancellation in (False, True))
