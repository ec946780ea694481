"""Looks at single runs closely: where tasks were suspended, and which operations were under way at the same time.

The runs that are looked at are made once more for it, from their choices, so that the many that are not pay nothing. What a sample has
not shown may still have happened: names that are missing here are a hint where to look, not a verdict.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from subwarden.scheduling.handles import owner
from subwarden.scheduling.order import Order, loop_for, width
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.watchdog import WATCHDOG, Blocked
from subwarden.stateful_tests.exploring.findings.narrate import where
from subwarden.stateful_tests.exploring.level import Factory, Level, Play, Program

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
    """Make the run of `program` with these choices again and add to `seen` what it shows, and to `happened` what was chosen out of turn.

    Locks must be under control already.
    """
    loop = loop_for(order)
    follow = fixed(choices)

    def choose(n: int) -> int:
        pick, steps = follow(n), width(loop, order)
        happened.update(out_of_turn(order, pick, steps, len(loop.events)))
        return pick

    loop.log = []
    WATCHDOG.watch(loop)
    with loop.entered():
        play = level.play(factory, level.prepare(program), loop, level.new_graph(), set())
        looking = _Looking(play, seen)
        try:
            with suppress(Blocked):  # the run itself has been judged; here there is only less to see
                run(loop, order, choose, looking.stepped)
        finally:
            loop.abandon()
            play.let_go()
    seen.runs += 1


class _Looking:
    def __init__(self, play: Play, seen: Closely) -> None:
        self._play = play
        self._seen = seen
        self._under_way: dict[asyncio.Task[object], str] = {}

    def stepped(self) -> bool:
        loop, under_way = self._play.loop, self._under_way
        self._play.judge.stepped()
        task = owner(loop.current)
        assert loop.log is not None
        for what, about in loop.log:
            if task is None or isinstance(about, asyncio.Lock):
                continue
            operation = cast(tuple[Any, object], about)[0]
            if what != "calls":
                under_way.pop(task, None)
                continue
            self._seen.overlaps.update(overlapping(operation.name, other) for t, other in under_way.items() if t is not task)
            under_way[task] = operation.name
        loop.log.clear()
        if task is not None and not task.done():
            place = where(task)
            if place is not None:
                self._seen.awaits.add(place)
        return False
