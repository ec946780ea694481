"""Looks at sampled runs closely: the awaits at which tasks were suspended, and the operations that overlapped.

A sampled run is played once more from its choices, so all other runs pay nothing. A point that the sample lacks may have been covered by
another run: it is a hint where to look, not a verdict.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from subwarden.scheduling.handles import owner
from subwarden.scheduling.isolation.kept import begin_alike
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order, loop_for, width
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.watchdog import WATCHDOG, Blocked
from subwarden.stateful_tests.exploring.coverage.points import EVENT_BETWEEN, PASSED, Point
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.findings.where import where
from subwarden.stateful_tests.exploring.level import Program
from subwarden.stateful_tests.exploring.observers import Observer
from subwarden.stateful_tests.exploring.runner import Runner


@dataclass
class Closely:
    """The coverage of the sampled runs. Its size is bounded by the subject's code and by the number of operations."""

    runs: int = 0
    awaits: set[str] = field(default_factory=set)
    overlaps: set[str] = field(default_factory=set)

    def merge(self, other: "Closely") -> None:
        """Add the coverage of `other`."""
        self.runs += other.runs
        self.awaits |= other.awaits
        self.overlaps |= other.overlaps


def overlapping(one: str, other: str) -> str:
    """The name of an unordered pair of operations."""
    return f"{min(one, other)} | {max(one, other)}"


def pairs(names: Iterable[str]) -> frozenset[str]:
    """The names of all pairs of these operations."""
    ordered = sorted(names)
    return frozenset(overlapping(one, other) for at, one in enumerate(ordered) for other in ordered[at:])


def out_of_turn(order: Order, pick: int, steps: int, events: int) -> Iterator[Point]:
    """The points of coverage of choosing candidate `pick` out of turn, among so many ready steps and outside events."""
    if 0 < pick < steps:
        yield PASSED
    elif 0 < steps <= pick < steps + events:
        yield EVENT_BETWEEN[order]


def look_closely(runner: Runner, program: Program, choices: Sequence[int], seen: Closely, happened: set[Point]) -> None:
    """Play `program` with these choices again. Add its suspensions and overlaps to `seen`, and its choices out of turn to `happened`.

    `runner` made the run, and does not count this one. Locks must be under control (`scheduling.locks`).
    """
    level, order = runner.level, runner.order
    begin_alike(runner.factory)
    loop = loop_for(order, make=level.loop_class)
    follow = fixed(choices)

    def choose(n: int) -> int:
        pick, steps = follow(n), width(loop, order)
        happened.update(out_of_turn(order, pick, steps, len(loop.events)))
        return pick

    WATCHDOG.watch(loop)
    with loop.entered():
        play = level.play(runner.factory, runner.prepared(program), loop, runner.graph, set(), [_Looking(loop, seen)])
        try:
            with suppress(Blocked):  # the run has been judged before; here it only covers less
                run(loop, order, choose, play.audience.stepped)
        finally:
            loop.abandon()
            play.let_go()
    seen.runs += 1


class _Looking(Observer):
    """Adds to `seen` the await at which a task is suspended after its step, and the pairs of operations that are open at the same time."""

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
        self._ended(getattr(message, "request", ""))  # a server's answer is a message, which names the task of its request

    def _ended(self, caller: str) -> None:
        self._under_way.pop(caller, None)

    def stepped(self) -> None:
        task = owner(self._loop.current)
        if task is not None and not task.done():
            place = where(task)
            if place is not None:
                self._seen.awaits.add(place)
