"""Races about signals: one that comes too early, is taken back too soon, or wakes tasks in another order."""

import asyncio

from subwarden.scheduling.events import park
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.specimens.races.race import MANY, Check, may_cancel, race, tick


class Board:
    """An item that an event or a condition announces."""

    def __init__(self) -> None:
        self.item: str | None = None
        self.taken: list[str | None] = []
        self.ready = False


@race(Order.ANY, 1)
def event_cleared_before_waiter_runs(loop: ControlledLoop, fixed: bool) -> Check:
    """The waiter is woken, but before it runs the item is taken back; it does not look again."""
    board = Board()
    announced = asyncio.Event()

    async def wait() -> None:
        await announced.wait()
        while fixed and board.item is None:
            await announced.wait()
        board.taken.append(board.item)

    async def announce() -> None:
        await tick(2)
        board.item = "item"
        announced.set()
        await tick()
        board.item = None
        announced.clear()
        await tick()
        board.item = "again"
        announced.set()

    loop.create_task(wait(), name="wait")
    loop.create_task(announce(), name="announce")
    return lambda: "woken for nothing" if None in board.taken else None


@race(Order.ANY, MANY)
def lost_wakeup_in_condition(loop: ControlledLoop, fixed: bool) -> Check:
    """Whether to wait is decided outside the condition; the notification goes out before the wait begins."""
    board = Board()
    condition = asyncio.Condition()

    async def wait() -> None:
        if fixed:
            async with condition:
                await condition.wait_for(lambda: board.ready)
        elif not board.ready:
            await tick()
            async with condition:
                await condition.wait()

    async def notify() -> None:
        await tick(6)
        async with condition:
            board.ready = True
            condition.notify_all()

    loop.create_task(wait(), name="wait")
    loop.create_task(notify(), name="notify")
    return lambda: None


@race(Order.ANY, 1)
def reordered_wakeups(loop: ControlledLoop, fixed: bool) -> Check:
    """Two answers are woken in the order of their requests, and may run in another."""
    board = Board()
    first: asyncio.Future[None] = loop.create_future()
    second: asyncio.Future[None] = loop.create_future()

    async def answer(name: str, turn: "asyncio.Future[None]", after: "asyncio.Future[None] | None") -> None:
        await turn
        board.taken.append(name)
        if fixed and after is not None:
            after.set_result(None)

    async def serve() -> None:
        await tick()
        first.set_result(None)
        if not fixed:
            second.set_result(None)

    loop.create_task(answer("1", first, second), name="first")
    loop.create_task(answer("2", second, None), name="second")
    loop.create_task(serve(), name="serve")
    return lambda: None if list(board.taken) == ["1", "2"] else f"answered in the order {list(board.taken)}"


@race(Order.FIFO, 1)
def replies_matched_by_order(loop: ControlledLoop, fixed: bool) -> Check:
    """Replies are matched to requests by their order; the other side answers in an order of its own."""
    board = Board()
    asked: list[str] = []

    async def ask(name: str) -> None:
        asked.append(name)
        await park(loop, f"reply to {name}")
        board.taken.append(name if fixed else asked.pop(0))
        if board.taken[-1] != name:
            board.item = name

    loop.create_task(ask("a"), name="a")
    loop.create_task(ask("b"), name="b")
    return lambda: f"{board.item} got another's reply" if board.item else None


@race(Order.ANY, 3)
def pulse_missed(loop: ControlledLoop, fixed: bool) -> Check:
    """A pulse (set and clear at once) reaches tasks that wait already. A task that is late by a step waits for ever."""
    board = Board()
    pulse = asyncio.Event()

    async def wait() -> None:
        await tick()
        if not (fixed and board.ready):
            await pulse.wait()

    async def send() -> None:
        await tick(3)
        board.ready = True
        pulse.set()
        pulse.clear()

    loop.create_task(wait(), name="wait")
    loop.create_task(send(), name="send")
    return lambda: None


class Mailbox:
    """A home-made queue, with a future for each waiter."""

    def __init__(self) -> None:
        self.items: list[int] = []
        self.getters: list[asyncio.Future[int]] = []
        self.got: list[int] = []
        self.put = 0


@race(Order.FIFO, 1, cancel=True)
def item_lost_with_cancelled_getter(loop: ControlledLoop, fixed: bool) -> Check:
    """An item is handed to a waiting task that is cancelled before it runs: the item goes with it."""
    box = Mailbox()

    async def get() -> None:
        if box.items:
            box.got.append(box.items.pop(0))
            return
        getter: asyncio.Future[int] = loop.create_future()
        box.getters.append(getter)
        try:
            box.got.append(await getter)
        except asyncio.CancelledError:
            if getter in box.getters:
                box.getters.remove(getter)
            elif fixed and getter.done() and not getter.cancelled():
                box.items.append(getter.result())
            raise

    async def put() -> None:
        await tick()
        for getter in list(box.getters):
            if not getter.done():
                box.getters.remove(getter)
                getter.set_result(7)
                return
        box.items.append(7)

    may_cancel(loop, loop.create_task(get(), name="get"))
    loop.create_task(put(), name="put")
    return lambda: None if list(box.got) + list(box.items) == [7] else "the item is lost"


@race(Order.ANY, 2)
def queue_hand_over(loop: ControlledLoop, fixed: bool) -> Check:
    """A queue is not empty when checked, and empty when read: another consumer came in between."""
    board = Board()
    queue: asyncio.Queue[str] = asyncio.Queue()
    queue.put_nowait("only")

    async def consume(wait: int) -> None:
        await tick(wait)
        if not queue.empty():
            await tick()
            try:
                board.taken.append(queue.get_nowait())
            except asyncio.QueueEmpty:
                if not fixed:
                    board.item = "nothing there"

    loop.create_task(consume(0), name="early")
    loop.create_task(consume(2), name="late")
    return lambda: board.item


@race(Order.FIFO, 1)
def timer_against_completion(loop: ControlledLoop, fixed: bool) -> Check:
    """The time-out has given its answer; then the reply comes after all and gives another."""
    board = Board()

    def expire() -> None:
        board.taken.append("expired")

    async def ask() -> None:
        timer = loop.call_later(1, expire)
        await park(loop, "reply")
        timer.cancel()
        if not (fixed and board.taken):
            board.taken.append("replied")

    loop.create_task(ask(), name="ask")
    return lambda: None if len(board.taken) == 1 else f"answered {list(board.taken)}"
