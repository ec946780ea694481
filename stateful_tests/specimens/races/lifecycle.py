"""Races at the end of life: closing twice, cancelling late, cleaning up an entry that has a new owner."""

import asyncio

from subwarden.scheduling.events import park
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.specimens.races.race import Check, may_cancel, race, tick


class Resource:
    """A resource that is opened, used and closed."""

    def __init__(self) -> None:
        self.closed = False
        self.closing = False
        self.closes = 0
        self.used_after_close = False
        self.subscribers: set[str] = set()
        self.answered: set[str] = set()


@race(Order.FIFO, 1)
def double_close(loop: ControlledLoop, fixed: bool) -> Check:
    """Closing takes a while, and is not marked while it takes: the second closes again."""
    resource = Resource()

    async def close(name: str) -> None:
        if resource.closed or (fixed and resource.closing):
            return
        resource.closing = True
        await park(loop, f"flushed for {name}")
        resource.closed = True
        resource.closes += 1

    async def later() -> None:
        await tick()
        await park(loop, "connection lost")
        await close("second")

    loop.create_task(close("first"), name="first")
    loop.create_task(later(), name="second")
    return lambda: None if resource.closes == 1 else f"closed {resource.closes} times"


@race(Order.FIFO, 1, cancel=True)
def late_cancel(loop: ControlledLoop, fixed: bool) -> Check:
    """A subscription is entered, then acknowledged; the caller vanishes in between, and the entry stays."""
    resource = Resource()

    async def subscribe() -> None:
        await park(loop, "request")
        resource.subscribers.add("c")
        try:
            await park(loop, "acknowledged")
        except asyncio.CancelledError:
            if fixed:
                resource.subscribers.discard("c")
            raise
        resource.answered.add("c")

    may_cancel(loop, loop.create_task(subscribe(), name="subscribe"))
    return lambda: None if resource.subscribers == resource.answered else "a subscriber nobody knows of"


class Refused(Exception):
    """A failure that the program expects: the parent handles its child's errors."""

    expected = True


@race(Order.FIFO, 1)
def gather_with_failing_child(loop: ControlledLoop, fixed: bool) -> Check:
    """One child fails, gather raises, the resource is closed; the other child was never stopped and goes on using it."""
    resource = Resource()

    async def fail() -> None:
        await tick()
        await park(loop, "refused")
        raise Refused

    async def use() -> None:
        await park(loop, "data")
        if resource.closed:
            resource.used_after_close = True

    async def both() -> None:
        children = [asyncio.ensure_future(use()), asyncio.ensure_future(fail())]
        try:
            await asyncio.gather(*children)
        except Refused:
            if fixed:
                await asyncio.wait(children)
        finally:
            resource.closed = True

    loop.create_task(both(), name="both")
    return lambda: "used after close" if resource.used_after_close else None


@race(Order.FIFO, 1, cancel=True)
def shield_abandoned(loop: ControlledLoop, fixed: bool) -> Check:
    """The caller is cancelled and cleans up; the task that it shielded lives on and uses the closed resource."""
    resource = Resource()

    async def work() -> None:
        await park(loop, "data")
        if resource.closed:
            resource.used_after_close = True

    async def call() -> None:
        inner = asyncio.ensure_future(work())
        try:
            await asyncio.shield(inner)
        except asyncio.CancelledError:
            if fixed:
                await inner
            raise
        finally:
            resource.closed = True

    may_cancel(loop, loop.create_task(call(), name="call"))
    return lambda: "used after close" if resource.used_after_close else None


class Listener:
    """The present listener, and how often each listener was told to stop."""

    def __init__(self) -> None:
        self.current: str | None = None
        self.running: set[str] = set()


@race(Order.FIFO, 1)
def listener_superseded_twice(loop: ControlledLoop, fixed: bool) -> Check:
    """Each new listener stops the one before. The first takes long to stop, and when it has, it clears the place of the third."""
    listener = Listener()

    async def listen(name: str) -> None:
        before, listener.current = listener.current, name
        if before is not None:
            loop.create_task(stop(before), name=f"stop {before}")
        listener.running.add(name)

    async def stop(name: str) -> None:
        await park(loop, f"{name} stopped")
        listener.running.discard(name)
        if name == "first" and not fixed and listener.current == "third":
            listener.current = None

    async def come(name: str, after: int) -> None:
        await tick(after)
        await park(loop, f"{name} comes")
        await listen(name)

    async def begin() -> None:
        await listen("first")
        await come("second", 0)
        await tick()
        await come("third", 1)

    loop.create_task(begin(), name="begin")
    return lambda: (
        None if listener.current in listener.running else f"the place says {listener.current}, but {sorted(listener.running)} listen"
    )


@race(Order.ANY, 3)
def cleanup_of_anothers_entry(loop: ControlledLoop, fixed: bool) -> Check:
    """A connection ends and removes its entry by name; the name has been taken by its successor."""
    resource = Owners()

    async def old() -> None:
        resource.owner["name"] = "old"
        await tick()
        if not fixed or resource.owner.get("name") == "old":
            resource.owner.pop("name", None)

    async def new() -> None:
        await tick(3)
        resource.owner["name"] = "new"

    loop.create_task(old(), name="old")
    loop.create_task(new(), name="new")
    return lambda: None if resource.owner.get("name") == "new" or fixed else "the successor's entry is gone"


class Owners:
    """Names and their owners."""

    def __init__(self) -> None:
        self.owner: dict[str, str] = {}


@race(Order.FIFO, 1)
def answer_after_disconnect(loop: ControlledLoop, fixed: bool) -> Check:
    """A subscribe waits for its snapshot; disconnect removes all subscriptions; then the snapshot comes and subscribes again."""
    resource = Resource()

    async def subscribe() -> None:
        await park(loop, "request")
        if resource.closed:
            return
        await park(loop, "snapshot")
        if not (fixed and resource.closed):
            resource.subscribers.add("c")

    async def disconnect() -> None:
        await tick(3)
        await park(loop, "gone")
        await tick()
        await park(loop, "socket closed")
        resource.closed = True
        resource.subscribers.discard("c")

    loop.create_task(subscribe(), name="subscribe")
    loop.create_task(disconnect(), name="disconnect")
    return lambda: "a phantom subscriber" if resource.closed and resource.subscribers else None
