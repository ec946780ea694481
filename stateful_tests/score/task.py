"""The task of a worker: to judge a subject with one fault, or without any. Plain data: it crosses processes and machines."""

from dataclasses import dataclass, field
from typing import Any

from subwarden.reports.records.score import NoticedRecord
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.score.planting import Plant
from subwarden.stateful_tests.workers.crash import Death


@dataclass(frozen=True, slots=True)
class Plan:
    """How each fault is judged. `schedules`: for all `orders` and checks together; `leave`: tasks that a scenario may leave behind."""

    subject: str
    is_scenario: bool
    orders: tuple[Order, ...]
    checks: tuple[Check, ...]  # of an adapter, the weakest first
    schedules: int
    seed: int
    leave: frozenset[str] = frozenset()

    @property
    def parts(self) -> int:
        """How many checks share the schedules."""
        return len(self.orders if self.is_scenario else self.checks)


@dataclass(frozen=True, slots=True)
class Judging:
    """Judge the subject with `plants`. `part`: by the check of this number alone; None: by one after the other, until one notices."""

    plan: Plan
    plants: tuple[Plant, ...]
    part: int | None = None


@dataclass(slots=True)
class Judged:
    """The outcome. `complete`: it was judged to its end; `noticed`: how the subject failed; `not_loaded`: why it could not be imported;
    `ran`: see `planting.ran_lines`; `finding`: its record, where the subject has no fault; `died`: how its processes ended.
    """

    complete: bool = True
    schedules: int = 0
    noticed: NoticedRecord | None = None
    not_loaded: str | None = None
    doubts: list[str] = field(default_factory=list)
    ran: dict[str, list[int]] = field(default_factory=dict)
    finding: Any = None
    died: Death | None = None
