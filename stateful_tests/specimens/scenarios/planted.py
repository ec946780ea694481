"""Programs with one planted fault each. Every function is a scenario; the comment says what is wrong.

Long because it is a list: one program for each way to fail.
"""

import asyncio
import queue
import time
from contextlib import suppress

from subwarden import always, choose, may_cancel, may_fail
from subwarden.stateful_tests.specimens.races.split_lock import CALLS, SplitLock


async def split_lock() -> None:
    """Checks under one lock and acts under another."""
    manager = SplitLock()
    await asyncio.gather(*(call(manager) for call in CALLS))
    assert not manager.phantoms(), "a phantom"


async def lost_update() -> None:
    """Reads, waits, writes."""
    total = 0

    async def add() -> None:
        nonlocal total
        seen = total
        await asyncio.sleep(0)
        total = seen + 1

    await asyncio.gather(add(), add())
    assert total == 2


async def lost_wake_up() -> None:
    """Notifies whoever waits by then, and nobody may wait yet."""
    condition = asyncio.Condition()

    async def consume() -> None:
        await asyncio.sleep(0)
        async with condition:
            await condition.wait()

    async def produce() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        async with condition:
            condition.notify()

    await asyncio.gather(consume(), produce())


async def two_locks() -> None:
    """Takes two locks in both orders."""
    left, right = asyncio.Lock(), asyncio.Lock()

    async def move(first: asyncio.Lock, second: asyncio.Lock) -> None:
        async with first:
            await asyncio.sleep(0)
            async with second:
                pass

    await asyncio.gather(move(left, right), move(right, left))


async def check_then_act() -> None:
    """Checks that a seat is free, then waits before it takes it."""
    seats = {"1A": ""}
    sold: list[str] = []

    async def book(who: str) -> None:
        if not seats["1A"]:
            await asyncio.sleep(0.01)
            seats["1A"] = who
            sold.append(who)

    await asyncio.gather(book("ann"), book("bob"))
    assert len(sold) == 1, f"sold to {sold}"


async def leaked_task() -> None:
    """Never stops its worker."""
    queue: asyncio.Queue[int] = asyncio.Queue()

    async def work() -> None:
        while True:
            await queue.get()

    worker = asyncio.create_task(work())
    await queue.put(1)
    assert not worker.done()


async def swallowed_cancellation() -> None:
    """Catches everything in its loop, and so cannot be stopped."""
    stopped = asyncio.Event()

    async def work() -> None:
        while not stopped.is_set():
            with suppress(BaseException):
                await asyncio.sleep(1)
                await stopped.wait()

    worker = asyncio.create_task(work())
    await asyncio.sleep(0)
    worker.cancel()
    await worker


async def unretrieved_exception() -> None:
    """Nobody looks at the task."""

    async def fail() -> None:
        await asyncio.sleep(0)
        raise OSError("disk full")

    task = asyncio.create_task(fail())
    await asyncio.sleep(0.01)
    del task


async def child_ends_in_silence() -> None:
    """Two tasks of a group await a shared one. The time-out of the first cancels it, and the second ends without a word."""
    loading = asyncio.create_task(asyncio.sleep(10))
    loaded: list[str] = []

    async def impatient() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await loading

    async def patient() -> None:
        await loading
        loaded.append("all")

    async with asyncio.TaskGroup() as group:
        group.create_task(impatient())
        group.create_task(patient())


async def failing_callback() -> None:
    """A callback raises, and asyncio only logs that."""
    task = asyncio.create_task(asyncio.sleep(0))
    task.add_done_callback(lambda done: done.result().upper())  # type: ignore[attr-defined]  # the fault
    await task


async def changing_set() -> None:
    """Iterates over a set that another task changes."""
    clients = {1, 2, 3}

    async def broadcast() -> None:
        for _client in clients:
            await asyncio.sleep(0)

    async def leave() -> None:
        await asyncio.sleep(0)
        clients.discard(3)

    await asyncio.gather(broadcast(), leave())


async def timeout_race() -> None:
    """The time-out strikes after the item was taken from the queue, and the item is lost."""
    queue: asyncio.Queue[int] = asyncio.Queue()
    got: list[int] = []

    async def consume() -> None:
        item = await queue.get()
        await asyncio.sleep(0.01)  # looks it up
        got.append(item)

    queue.put_nowait(1)
    try:
        async with asyncio.timeout(1):
            await may_cancel(consume())
    except asyncio.CancelledError:
        pass
    assert got or not queue.empty(), "the item is lost"


async def lock_leaks_on_cancellation() -> None:
    """Releases only where nothing happens in between."""
    lock = asyncio.Lock()

    async def use() -> None:
        await lock.acquire()
        await asyncio.sleep(0)
        lock.release()

    tasks = [asyncio.create_task(may_cancel(use())), asyncio.create_task(use())]
    await asyncio.wait(tasks)


async def connection_leaks_on_failure() -> None:
    """Gives the connection back only if the query works."""
    free = ["a"]

    async def query() -> None:
        one = free.pop()
        await asyncio.sleep(0.01)
        free.append(one)

    with suppress(ConnectionError):
        await may_fail(query(), ConnectionError)
    assert free == ["a"], "the pool is empty"


async def overdrawn() -> None:
    """The balance is below zero between two steps, and right at the end."""
    balance = choose([100, 50, 10])
    always(lambda: balance >= 0, "the balance is never below zero")

    async def move() -> None:
        nonlocal balance
        balance -= 30
        await asyncio.sleep(0)
        balance += 30

    await move()


async def out_of_order() -> None:
    """Counts on the order in which tasks were created."""
    log: list[str] = []

    async def write(line: str) -> None:
        await asyncio.sleep(0)
        log.append(line)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write("begin"))
        tasks.create_task(write("end"))
    assert log == ["begin", "end"]


async def philosophers() -> None:
    """Each takes the fork on the left first."""
    forks = [asyncio.Lock() for _ in range(3)]

    async def dine(seat: int) -> None:
        async with forks[seat]:
            await asyncio.sleep(0)
            async with forks[(seat + 1) % 3]:
                pass

    async with asyncio.TaskGroup() as tasks:
        for seat in range(3):
            tasks.create_task(dine(seat), name=f"philosopher {seat}")


async def late_answer() -> None:
    """A step that takes long lets the time-out pass although the answer is there."""
    answers: asyncio.Queue[str] = asyncio.Queue()

    async def answer() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        answers.put_nowait("yes")

    answering = asyncio.create_task(answer())
    assert await asyncio.wait_for(answers.get(), 0.5) == "yes"
    await answering


async def busy_poll() -> None:
    """Polls for ever what nobody sets."""
    ready: list[int] = []
    while not ready:
        await asyncio.sleep(0)


async def shared_call_is_cancelled() -> None:
    """Callers share one task; whoever gives up cancels it for the others."""
    shared: dict[str, asyncio.Task[str]] = {}

    async def load() -> str:
        await asyncio.sleep(1)
        return "value"

    async def get() -> str:
        if "key" not in shared:
            shared["key"] = asyncio.create_task(load())
        return await shared["key"]

    async def gives_up() -> None:
        with suppress(asyncio.CancelledError):
            await may_cancel(get())

    impatient = asyncio.create_task(gives_up())
    await asyncio.sleep(0)
    assert await get() == "value"
    await impatient


async def shared_future_hands_on_a_cancellation() -> None:
    """Callers share a future, in which the first puts whatever it ends with: also that it was cancelled."""
    shared: dict[str, asyncio.Future[str]] = {}

    async def get() -> str:
        if "key" in shared:
            return await shared["key"]
        made = shared["key"] = asyncio.get_running_loop().create_future()
        try:
            await asyncio.sleep(1)
        except BaseException as error:
            made.set_exception(error)
            await made
        made.set_result("value")
        return "value"

    async def gives_up() -> None:
        with suppress(asyncio.CancelledError):
            await may_cancel(get())

    impatient = asyncio.create_task(gives_up())
    await asyncio.sleep(0)
    assert await get() == "value"
    await impatient


async def consumer_dies() -> None:
    """Dies of one job, and nobody does the others."""
    jobs: asyncio.Queue[int] = asyncio.Queue()

    async def consume() -> None:
        while True:
            1 / await jobs.get()
            jobs.task_done()

    consumer = asyncio.create_task(consume())
    for job in (1, 0, 2):
        jobs.put_nowait(job)
    await jobs.join()
    consumer.cancel()


async def waits_for_a_thread() -> None:
    """Asks a queue of threads for an item that another task is about to put there."""
    items: queue.Queue[int] = queue.Queue()

    async def produce() -> None:
        await asyncio.sleep(0.01)
        items.put(1)

    producing = asyncio.create_task(produce())
    assert items.get() == 1  # the fault
    await producing


async def sleeps_in_a_step() -> None:
    """Blocks the loop, as no time-out can see."""

    async def answer() -> str:
        time.sleep(0.5)  # noqa: ASYNC251  # the fault
        return "late"

    assert await asyncio.wait_for(answer(), 1) == "late"
