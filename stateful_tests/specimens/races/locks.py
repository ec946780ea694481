"""Races about locks and home-made locks: the next owner, the check that is not repeated, the circle of waiters."""

import asyncio
from collections import deque

from subwarden.scheduling.events import park
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.specimens.races.race import MANY, Check, may_cancel, race, tick


class Account:
    """A balance guarded by a lock."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.other = asyncio.Lock()
        self.value = 0
        self.overdrawn = False


@race(Order.ANY, MANY)
def deadlock_among_noise(loop: ControlledLoop, fixed: bool) -> Check:
    """Two tasks take two locks in opposite orders, while others keep the loop busy. In fifo the second comes when the first is done."""
    account = Account()

    async def forward() -> None:
        async with account.lock:
            await tick()
            async with account.other:
                account.value += 1

    async def backward() -> None:
        await tick(6)
        first, second = (account.lock, account.other) if fixed else (account.other, account.lock)
        async with first:
            await tick()
            async with second:
                account.value += 1

    async def noise() -> None:
        await tick(2)

    loop.create_task(forward(), name="forward")
    loop.create_task(backward(), name="backward")
    for n in (1, 2):
        loop.create_task(noise(), name=f"noise {n}")
    return lambda: None if account.value == 2 else "both wait for each other"


@race(Order.FIFO, 1)
def check_outside_the_lock(loop: ControlledLoop, fixed: bool) -> Check:
    """The balance is checked before the lock is taken, and not again under it."""
    account = Account()
    account.value = 1

    async def withdraw(name: str) -> None:
        await park(loop, f"request {name}")
        if account.value < 1:
            return
        async with account.lock:
            if fixed and account.value < 1:
                return
            await park(loop, f"bank {name}")
            account.value -= 1

    async def first() -> None:
        await withdraw("first")

    async def second() -> None:
        await first_task
        await withdraw("second")

    async def third() -> None:
        await park(loop, "a third comes")
        await withdraw("third")

    first_task = loop.create_task(first(), name="first")
    loop.create_task(third(), name="third")
    loop.create_task(second(), name="second")
    return lambda: None if account.value >= 0 else "withdrawn twice"


class Gate:
    """A home-made lock: a flag and a row of waiters, each woken by its future."""

    def __init__(self) -> None:
        self.busy = False
        self.waiters: deque[asyncio.Future[None]] = deque()
        self.served: list[str] = []


async def enter(loop: ControlledLoop, gate: Gate, fixed: bool) -> None:
    """Take the gate. The mistake: a waiter that is cancelled after it was woken keeps the turn to itself."""
    while gate.busy:
        waiter: asyncio.Future[None] = loop.create_future()
        gate.waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter in gate.waiters:
                gate.waiters.remove(waiter)
            elif fixed:
                wake(gate)
            raise
    gate.busy = True


def wake(gate: Gate) -> None:
    """Wake the first waiter that is left."""
    while gate.waiters:
        waiter = gate.waiters.popleft()
        if not waiter.done():
            waiter.set_result(None)
            return


@race(Order.FIFO, 1, cancel=True)
def cancelled_lock_waiter(loop: ControlledLoop, fixed: bool) -> Check:
    """A waiter is woken and cancelled at once: the wake-up dies with it, and the next waits for ever."""
    gate = Gate()

    async def use(name: str, hold: int) -> None:
        await enter(loop, gate, fixed)
        await tick(hold)
        gate.busy = False
        wake(gate)
        gate.served.append(name)

    loop.create_task(use("holder", 3), name="holder")
    may_cancel(loop, loop.create_task(use("impatient", 0), name="impatient"))
    loop.create_task(use("patient", 0), name="patient")
    return lambda: None if "patient" in gate.served else "the patient waits for ever"


@race(Order.ANY, 3)
def barging(loop: ControlledLoop, fixed: bool) -> Check:
    """The gate is free between the release and the step of the woken waiter; a newcomer slips in, and the order is lost."""
    gate = Gate()
    ticket: list[str] = []

    async def use(name: str, wait: int, hold: int) -> None:
        await tick(wait)
        ticket.append(name)
        if fixed:
            async with lock:
                await tick(hold)
                gate.served.append(name)
            return
        await enter(loop, gate, True)
        await tick(hold)
        gate.served.append(name)
        gate.busy = False
        wake(gate)

    lock = asyncio.Lock()
    loop.create_task(use("first", 0, 2), name="first")
    loop.create_task(use("second", 1, 0), name="second")
    loop.create_task(use("third", 5, 0), name="third")
    return lambda: None if gate.served == ticket or fixed else f"came as {ticket}, served as {list(gate.served)}"


@race(Order.ANY, 3)
def upgrade_of_two_readers(loop: ControlledLoop, fixed: bool) -> Check:
    """Two readers both want to write, and each waits for the other to stop reading."""
    account = Account()
    account.value = 0
    none_left = asyncio.Event()

    async def upgrade(wait: int) -> None:
        await tick(wait)
        account.value += 1
        await tick()
        if fixed:
            account.value -= 1
            return
        while account.value > 1:
            none_left.clear()
            await none_left.wait()
        account.value -= 1
        none_left.set()

    loop.create_task(upgrade(0), name="early")
    loop.create_task(upgrade(3), name="late")
    return lambda: None if account.value == 0 else "two readers wait for each other"


class Pool:
    """A pool meant for one connection at a time."""

    def __init__(self) -> None:
        self.open = 0
        self.most = 0


@race(Order.FIFO, 1)
def pool_overbooked(loop: ControlledLoop, fixed: bool) -> Check:
    """The count rises when the connection is open, so two may be opening at once."""
    pool = Pool()

    async def connect(name: str) -> None:
        if pool.open >= 1:
            return
        if fixed:
            pool.open += 1
        await park(loop, f"connected {name}")
        if not fixed:
            pool.open += 1
        pool.most = max(pool.most, pool.open)

    async def later() -> None:
        await tick()
        await park(loop, "request")
        await connect("second")

    loop.create_task(connect("first"), name="first")
    loop.create_task(later(), name="second")
    return lambda: None if pool.most <= 1 else f"{pool.most} connections"
