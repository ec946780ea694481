"""Races that need several moments, or one moment late in a long task: they separate the strategies."""

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.specimens.races.race import MANY, Check, race, tick
from subwarden.stateful_tests.specimens.races.split_lock import SplitLock, call


class Ladder:
    """A height that tasks climb by turns."""

    def __init__(self) -> None:
        self.height = 0
        self.flag = False
        self.seen = False


@race(Order.ANY, MANY)
def needle_at_the_end(loop: ControlledLoop, fixed: bool) -> Check:
    """A short task must come in the last of thirty steps of a long one. A random walk has long run the short one by then."""
    ladder = Ladder()

    async def long() -> None:
        await tick(30)
        ladder.height = 1
        await tick()
        ladder.height = 0

    async def short() -> None:
        await tick()
        if not fixed and ladder.height:
            ladder.seen = True

    loop.create_task(long(), name="long")
    loop.create_task(short(), name="short")
    return lambda: "seen half done" if ladder.seen else None


@race(Order.ANY, 3)
def four_turns(loop: ControlledLoop, fixed: bool) -> Check:
    """Two tasks must take turns four times, each at the right moment: the climb goes on only while they do."""
    ladder = Ladder()

    async def climb(even: bool, wait: int) -> None:
        await tick(wait)
        for _ in range(4):
            if ladder.height % 2 == (0 if even else 1):
                ladder.height += 1
            await tick(2 if even else 3)
            if fixed:
                ladder.height = 0

    loop.create_task(climb(True, 0), name="even")
    loop.create_task(climb(False, 2), name="odd")
    return lambda: "climbed to the top" if ladder.height >= 7 else None


@race(Order.ANY, MANY)
def among_many(loop: ControlledLoop, fixed: bool) -> Check:
    """Two of eight tasks race for a moment; the other six only keep the loop busy."""
    ladder = Ladder()

    async def write() -> None:
        await tick(3)
        ladder.height = 1
        await tick()
        ladder.height = 0

    async def read() -> None:
        await tick(9)
        if ladder.height and not fixed:
            ladder.seen = True

    async def noise() -> None:
        await tick(6)

    loop.create_task(write(), name="write")
    loop.create_task(read(), name="read")
    for n in range(6):
        loop.create_task(noise(), name=f"noise {n}")
    return lambda: "seen half done" if ladder.seen else None


@race(Order.ANY, MANY)
def two_needles(loop: ControlledLoop, fixed: bool) -> Check:
    """Two short tasks must come in two given steps of a long one, in order."""
    ladder = Ladder()

    async def long() -> None:
        await tick(5)
        ladder.height = 1
        await tick()
        ladder.height = 2
        await tick(4)
        ladder.height = 3
        await tick()
        ladder.height = 4

    async def early() -> None:
        await tick()
        ladder.flag = ladder.height == 1

    async def late() -> None:
        await tick()
        ladder.seen = not fixed and ladder.flag and ladder.height == 3

    for step in (long, early, late):
        loop.create_task(step(), name=step.__name__)
    return lambda: "both came in time" if ladder.seen else None


def _phantoms(loop: ControlledLoop, fixed: bool, noise: int) -> Check:
    manager = SplitLock(fixed)
    for at, name in enumerate(("subscribe", "disconnect", "tear down")):
        loop.create_task(call(at, manager), name=name)
    for n in range(noise):
        loop.create_task(tick(4), name=f"noise {n}")
    return lambda: "a phantom subscriber" if manager.phantoms() else None


@race(Order.ANY, 2)
def phantom_between_two_locks(loop: ControlledLoop, fixed: bool) -> Check:
    """A subscribe checks under one lock that its connection is live and subscribes it under another; a disconnect passes in between."""
    return _phantoms(loop, fixed, 0)


@race(Order.ANY, 2)
def phantom_between_two_locks_in_a_crowd(loop: ControlledLoop, fixed: bool) -> Check:
    """The same with three more tasks."""
    return _phantoms(loop, fixed, 3)
