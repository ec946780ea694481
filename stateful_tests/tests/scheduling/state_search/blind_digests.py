"""Digests that each leave one part of the state out, and for each a program whose outcomes depend on that part.

Long because digest and program of one part are read together.
"""

import asyncio
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

from subwarden.scheduling.events import Event
from subwarden.scheduling.handles import Handle
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.state_search.digest import Digest
from subwarden.stateful_tests.specimens.races.race import tick
from subwarden.stateful_tests.tests.scheduling.state_search.brute_force import Box, Start


def _awaited(suspended: Any) -> object:
    return suspended.cr_await if hasattr(suspended, "cr_await") else suspended.gi_yieldfrom


class NoStack(Digest):
    """Sees the variables of a frame and not the interpreter's stack."""

    def frame(self, suspended: Any, frame: Any) -> None:
        self.out.append(frame.f_lasti)
        for name, value in sorted(frame.f_locals.items()):
            self.name(name)
            self.add(value)
        self.add(_awaited(suspended))


def stack(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def nothing() -> int:
        await tick()
        return 0

    async def add() -> None:
        box.x = box.x * 3 + await nothing()

    async def put() -> None:
        box.x = 1
        await tick()

    loop.create_task(add(), name="add")
    loop.create_task(put(), name="put")
    return lambda: box.x


class NoVariables(Digest):
    """Sees only where a coroutine is suspended, and the object that it awaits."""

    def frame(self, suspended: Any, frame: Any) -> None:
        self.out.append(frame.f_lasti)
        self.add(_awaited(suspended))


def variables(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def add() -> None:
        value = box.x
        await tick()
        box.x = value * 3

    async def put() -> None:
        box.x = 1
        await tick()

    loop.create_task(add(), name="add")
    loop.create_task(put(), name="put")
    return lambda: box.x


class NoPlace(Digest):
    """Sees the contents of frames, and not where they are suspended."""

    def frame(self, suspended: Any, frame: Any) -> None:
        self.constant(frame.f_code)
        for name, value in sorted(frame.f_locals.items()):
            self.name(name)
            self.add(value)


def place(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def late() -> None:
        await tick()
        await tick()
        box.x = 1

    async def look() -> None:
        box.said.append(box.x)

    loop.create_task(late(), name="late")
    loop.create_task(look(), name="look")
    return lambda: tuple(box.said)


class NoQueue(Digest):
    """Takes the ready queue for a bag in `fifo` as well."""

    def ready(self, ready: list[Handle]) -> list[Handle]:
        self._any = True
        return list(super().ready(ready))


def offer(loop: ControlledLoop, name: str, happen: Callable[[], object]) -> None:
    loop.events.append(Event(name, happen))


def queue(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def say(name: str) -> None:
        box.said.append((name, box.x))

    def come(name: str) -> None:
        box.x += 1
        loop.create_task(say(name), name=name)

    for name in "ab":
        offer(loop, name, partial(come, name))
    return lambda: tuple(box.said)


class NoWaiters(Digest):
    """Does not see in which order tasks wait for a lock."""

    def lock(self, lock: Any) -> None:
        if not self.known(lock):
            self.name(lock.locked())


def waiters(loop: ControlledLoop) -> Callable[[], Hashable]:
    box, lock = Box(), asyncio.Lock()

    async def hold() -> None:
        async with lock:
            await tick(2)

    async def take(name: str) -> None:
        late = lock.locked()
        async with lock:
            box.said.append((name, late))

    for name in "ab":
        loop.create_task(take(name), name=name)
    loop.create_task(hold(), name="hold")
    return lambda: tuple(box.said)


class NoCallbacks(Digest):
    """Does not see the order of a future's callbacks."""

    def callbacks(self, future: Any) -> None:
        self.name(len(future._callbacks or ()))


def callbacks(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()
    future: asyncio.Future[None] = loop.create_future()

    async def wait(name: str) -> None:
        early = not future.done()
        await future
        box.said.append((name, early))

    for name in "ab":
        offer(loop, name, lambda name=name: loop.create_task(wait(name), name=name))  # type: ignore[misc]
    offer(loop, "now", lambda: future.set_result(None))
    return lambda: tuple(box.said)


class NoEvents(Digest):
    """Sees the names of outside events, and not their effects."""

    def events(self, events: list[Event]) -> None:
        self.name(tuple(sorted(event.label for event in events)))


def events(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def ask() -> None:
        offer(loop, "reply", partial(box.said.append, box.x))
        await tick()

    async def put() -> None:
        box.x = 1

    loop.create_task(ask(), name="ask")
    loop.create_task(put(), name="put")
    return lambda: tuple(box.said)


class NoTimers(Digest):
    """Sees no timers."""

    def timers(self, loop: ControlledLoop) -> None:
        self.name(len(loop.timers))


def timers(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def wait() -> None:
        loop.call_later(1 + box.x, box.said.append, "wait")

    async def put() -> None:
        box.x = 1

    loop.call_later(1.5, box.said.append, "mean")
    loop.create_task(wait(), name="wait")
    loop.create_task(put(), name="put")
    return lambda: tuple(box.said)


class NoCancellation(Digest):
    """Does not see that a task that was woken has since been cancelled."""

    def task(self, task: Any) -> None:
        self.add(task.get_coro() if not task.done() else None)


def cancellation(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def victim() -> None:
        box.said.append("is born")
        await tick()
        box.said.append("lives")

    async def flag() -> None:
        box.x = 1
        await tick()
        box.x = 0

    async def strike() -> None:
        if box.x:
            task.cancel()

    task = loop.create_task(victim(), name="victim")
    loop.create_task(strike(), name="strike")
    loop.create_task(flag(), name="flag")
    return lambda: tuple(box.said)


class NoObserver(Digest):
    """Does not see the judge of the run."""

    def observer(self, loop: ControlledLoop) -> None:
        pass


class Lead:
    """Judges steps: how far was one task ahead of the other, at most."""

    def __init__(self, done: list[int]) -> None:
        self.done = done
        self.most = 0
        self.also: object = None

    def stepped(self) -> bool:
        self.most = max(self.most, self.done[0] - self.done[1])
        return False


def observer(loop: ControlledLoop) -> Callable[[], Hashable]:
    done = [0, 0]
    lead = loop.observer = Lead(done)

    async def count(number: int) -> None:
        for _ in range(2):
            done[number] += 1
            await tick()

    for number in range(2):
        loop.create_task(count(number), name=str(number))
    return lambda: lead.most


class NoBirths(Digest):
    """Never tells tasks apart by which is older."""

    births = property(lambda _: False, lambda *_: None)


def births(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def stay(name: str) -> None:
        try:
            await loop.create_future()
        finally:
            box.said.append(name)

    def end() -> None:
        for task in asyncio.all_tasks(loop):
            task.cancel()

    for name in "ab":
        offer(loop, name, lambda name=name: loop.create_task(stay(name), name=name))  # type: ignore[misc]
    offer(loop, "end", end)
    return lambda: tuple(box.said)


PARTS: list[tuple[type[Digest], Start, Order]] = [
    (NoStack, stack, Order.ANY),
    (NoVariables, variables, Order.ANY),
    (NoPlace, place, Order.ANY),
    (NoQueue, queue, Order.FIFO),
    (NoWaiters, waiters, Order.ANY),
    (NoCallbacks, callbacks, Order.FIFO),
    (NoEvents, events, Order.ANY),
    (NoTimers, timers, Order.ANY),
    (NoCancellation, cancellation, Order.ANY),
    (NoObserver, observer, Order.ANY),
    (NoBirths, births, Order.FIFO),
]
