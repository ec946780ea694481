"""Looks at single runs closely: where tasks were suspended, and which operations were under way at the same time.

The runs that are looked at are made once more for it, from their choices, so that the many that are not pay nothing. What a sample has
not shown may still have happened: names that are missing here are a hint where to look, not a verdict.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from subwarden.scheduling.handles import owner
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order, loop_for, width
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.watchdog import WATCHDOG, Blocked
from subwarden.stateful_tests.exploring.findings.narrate import where
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.level import Factory, Level, Program
from subwarden.stateful_tests.exploring.observers import Observer

PASSED = "order any: a ready step before an older one"


@dataclass
class Closely:
    """What the runs that were looked at have shown. Bounded by the subject's code and by the number of operations."""

    runs: int = 0
    awaits: set[str] = field(default_factory=set)
    overlaps: set[str] = field(default_factory=set)

    def merge(self, other: "Closely") -> None:
        """Add what others have seen."""
        self.runs += other.runs
        self.awaits |= other.awaits
        self.overlaps |= other.overlaps


def overlapping(one: str, other: str) -> str:
    """The name of a pair of operations; which is first does not matter."""
    return f"{min(one, other)} | {max(one, other)}"


def pairs(names: Iterable[str]) -> frozenset[str]:
    """All pairs of operations with these names, as `overlapping` names them."""
    ordered = sorted(names)
    return frozenset(overlapping(one, other) for at, one in enumerate(ordered) for other in ordered[at:])


def out_of_turn(order: Order, pick: int, steps: int, events: int) -> Iterator[str]:
    """What candidate `pick` is, of so many ready steps and outside events, where another was due."""
    if 0 < pick < steps:
        yield PASSED
    elif 0 < steps <= pick < steps + events:
        yield f"order {order.value}: an outside event between ready steps"


def look_closely(
    level: Level, factory: Factory, order: Order, program: Program, choices: Sequence[int], seen: Closely, happened: set[str]
) -> None:
    """Make the run of `program` with these choices again. Add its suspensions and overlaps to `seen`, and its choices out of turn to
    `happened`. Locks must be under control already.
    """
    loop = loop_for(order)
    follow = fixed(choices)

    def choose(n: int) -> int:
        pick, steps = follow(n), width(loop, order)
        happened.update(out_of_turn(order, pick, steps, len(loop.events)))
        return pick

    WATCHDOG.watch(loop)
    with loop.entered():
        play = level.play(factory, level.prepare(program), loop, level.new_graph(), set(), [_Looking(loop, seen)])
        try:
            with suppress(Blocked):  # the run itself has been judged; here there is only less to see
                run(loop, order, choose, play.audience.stepped)
        finally:
            loop.abandon()
            play.let_go()
    seen.runs += 1


class _Looking(Observer):
    """Notes in `seen` where tasks are suspended after a step, and which operations are under way at the same time."""

    def __init__(self, loop: ControlledLoop, seen: Closely) -> None:
        self._loop = loop
        self._seen = seen
        self._under_way: dict[str, str] = {}  # task -> operation

    def called(self, task: int, operation: Any) -> None:
        caller, name = task_name(task), operation.name
        self._seen.overlaps.update(overlapping(name, other) for each, other in self._under_way.items() if each != caller)
        self._under_way[caller] = name

    def returned(self, task: int, operation: Any, answer: Any, last: bool = True) -> None:
        self._ended(task_name(task))

    def cancelled(self, task: int, operation: Any) -> None:
        self._ended(task_name(task))

    def raised(self, task: int, operation: Any, error: BaseException) -> None:
        self._ended(task_name(task))

    def delivered(self, client: Any, message: Any) -> None:
        self._ended(getattr(message, "request", ""))  # a server answers by a message, which names the task of the request

    def _ended(self, caller: str) -> None:
        self._under_way.pop(caller, None)

    def stepped(self) -> None:
        task = owner(self._loop.current)
        if task is not None and not task.done():
            place = where(task)
            if place is not None:
                self._seen.awaits.add(place)
