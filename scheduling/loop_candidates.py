"""The candidates of a controlled loop.

In the order `any` each task is a chain, and so is each callback without a task. In `fifo` the ready queue as a whole is one chain: the
order of its steps is not the scheduler's to choose. Each outside event is a chain of its own, and the clock is one.
"""

from collections.abc import Hashable, Sequence
from types import BuiltinMethodType
from typing import Any

from subwarden.scheduling.candidates import Candidates, Site
from subwarden.scheduling.events import Alternative, Event
from subwarden.scheduling.handles import FIRST_STEP, WAKEUP, Handle, NumberedTask, label, name_of, owner, suspended_at
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import EARLY, LATE, TIMER, Order, reach, timer_may_fire, width

QUEUE = "the ready queue"
CLOCK = "the clock"
_numbers: dict[Site, int] = {}  # of the sites of this process: a site is asked for its hash at every choice, and is a long tuple


class LoopCandidates(Candidates):
    """The candidates of `loop` in schedules of `order`."""

    __slots__ = ("_any", "loop", "order")

    def __init__(self, loop: ControlledLoop, order: Order) -> None:
        self.loop = loop
        self.order = order
        self._any = order is Order.ANY

    def names(self) -> list[str]:
        """In the order of choices. Events and faults are marked by a plus sign.

        Equal names are told apart by their place: the second `x` is `x@2`, or the next number that no other candidate has as its own name.
        """
        loop = self.loop
        names = [label(handle) for handle in loop.ready[: width(loop, self.order)]]
        names += _names(loop.events)
        if timer_may_fire(loop, self.order):
            names.append(EARLY if loop.ready else LATE if loop.arrivals else TIMER)
        names += _names(loop.faults)
        if len(set(names)) < len(names):
            _number(names)
        return names

    def chains(self) -> list[object]:
        loop = self.loop
        ready = loop.ready if loop.pace is None else loop.ready[: reach(loop)]
        found: list[object]
        found = [handle.chain or _chain(handle) for handle in ready] if self._any else [QUEUE] if ready else []
        if loop.events:
            found += loop.events
        if not ready and not loop.arrivals and timer_may_fire(loop, self.order):
            found.append(CLOCK)
        return found

    def chain_names(self) -> list[str]:
        loop = self.loop
        ready = loop.ready if loop.pace is None else loop.ready[: reach(loop)]
        found = [handle.named or _named(handle) for handle in ready] if self._any else [QUEUE] if ready else []
        if loop.events:
            found += _names(loop.events)
        if not ready and not loop.arrivals and timer_may_fire(loop, self.order):
            found.append(CLOCK)
        return found

    def sites(self) -> list[Site]:
        loop = self.loop
        ready = loop.ready if loop.pace is None else loop.ready[: reach(loop)]
        found = [(handle.place or _place(handle))[1] for handle in (ready if self._any else ready[:1])]
        if loop.events:
            found += [place[1] if (place := event.place) else event.label for event in loop.events]
        if not ready and not loop.arrivals and timer_may_fire(loop, self.order):
            found.append(CLOCK)
        return found

    def places(self) -> list[tuple[str, Site]]:
        loop = self.loop
        ready = loop.ready if loop.pace is None else loop.ready[: reach(loop)]
        if self._any:
            found = [handle.place or _place(handle) for handle in ready]
        else:
            found = [(QUEUE, (handle.place or _place(handle))[1]) for handle in ready[:1]]
        if loop.events:
            found += _of_events(loop)
        if not ready and not loop.arrivals and timer_may_fire(loop, self.order):
            found.append((CLOCK, CLOCK))
        return found

    def newcomers(self, known: int) -> list[str]:
        tasks = self.loop.tasks
        return [name_of(task) for task in tasks[known:]] if len(tasks) > known else []

    def positions(self) -> Hashable:
        """The positions of all ready steps, also in `fifo`, where only the first can move."""
        loop = self.loop
        found = [handle.place or _place(handle) for handle in loop.ready]
        if loop.events:
            found += _of_events(loop)
        if not loop.ready and not loop.arrivals and timer_may_fire(loop, Order.ANY):
            found.append((CLOCK, CLOCK))
        return frozenset(found)

    def runs_on(self) -> int:
        task = owner(self.loop.current) if self._any else None
        if task is not None:
            ready = self.loop.ready
            for at, handle in enumerate(ready if self.loop.pace is None else ready[: reach(self.loop)]):
                if owner(handle) is task:
                    return at
        return 0

    def next_call(self) -> int:
        loop = self.loop
        return width(loop, self.order) + len(loop.events) - loop.late if loop.late else -1

    def alternatives(self, pick: int) -> Sequence[int]:
        loop = self.loop
        events, before = loop.events, width(loop, self.order)
        event = events[pick - before] if before <= pick < before + len(events) else None
        return [before + events.index(each) for each in event.ways] if type(event) is Alternative else ()

    def optional(self) -> int:
        loop = self.loop
        optional = len(loop.faults)
        if loop.timers and ((loop.early_timers and loop.ready) or loop.arrivals):
            optional += timer_may_fire(loop, self.order)
        return optional

    def faults(self) -> list[str]:
        return [fault.label for fault in self.loop.faults]


def _names(events: list[Event]) -> list[str]:
    return [place[0] if (place := event.place) else f"+{event.label}" for event in events]


def _of_events(loop: ControlledLoop) -> list[tuple[str, Site]]:
    return [event.place or (f"+{(label := event.label)}", label) for event in loop.events]


def _number(names: list[str]) -> None:
    taken, seen = set(names), set[str]()
    for at, name in enumerate(names):
        number = 2
        while name in seen and names[at] in taken:
            names[at] = f"{name}@{number}"
            number += 1
        taken.add(names[at])
        seen.add(name)


def _chain(handle: Handle) -> object:
    """The chain of a ready step: a task, by its number if it has one, which is hashed faster; else the callback itself, by a number."""
    callback: Any = handle._callback
    kind = type(callback)
    chain: object
    if kind is FIRST_STEP or (kind is BuiltinMethodType and callback.__name__ == WAKEUP):  # as `owner`
        task = callback.__self__
        if type(task) is NumberedTask:  # most are
            chain = handle.chain = task.number
            return chain
    other = owner(handle)
    if other is None:
        loop = handle._loop
        chain = loop.last_callback = loop.last_callback - 1  # below those of tasks
    else:
        chain = other.number if isinstance(other, NumberedTask) else other
    handle.chain = chain
    return chain


def _named(handle: Handle) -> str:
    name = handle.named = label(handle)
    return name


def _place(handle: Handle) -> tuple[str, Site]:
    """The name of the chain of a ready step, and its site: where the task is suspended, in each coroutine that awaits the next; a number of
    that place. The site of a bare callback is its name.

    The innermost place alone says little: half of all tasks stand in `asyncio.sleep` or in a lock.
    """
    task = owner(handle)
    site: Site
    if task is None:
        site = name = label(handle)
    else:
        names = handle._loop.names
        name = task.get_name() if names is None else names.of(task)
        site = _numbers.setdefault(suspended_at(task), len(_numbers) + 1)
    place = handle.place = name, site
    return place
