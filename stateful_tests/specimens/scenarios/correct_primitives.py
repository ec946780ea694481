"""Correct programs around one primitive of asyncio each. Every function is a scenario."""

import asyncio
from collections import deque

from subwarden import always, choose, may_cancel


async def lock_guards_a_counter() -> None:
    lock, total = asyncio.Lock(), 0

    async def add() -> None:
        nonlocal total
        async with lock:
            seen = total
            await asyncio.sleep(0)
            total = seen + 1

    await asyncio.gather(*(add() for _ in range(4)))
    assert total == 4


async def lock_survives_cancelled_waiters() -> None:
    lock, inside = asyncio.Lock(), 0
    always(lambda: inside <= 1, "at most one inside")

    async def enter() -> None:
        nonlocal inside
        async with lock:
            inside += 1
            try:
                await asyncio.sleep(0)
            finally:
                inside -= 1

    tasks = [asyncio.create_task(may_cancel(enter())) for _ in range(2)] + [asyncio.create_task(enter())]
    await asyncio.wait(tasks)
    assert not lock.locked()


async def queue_passes_every_item() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(maxsize=1)
    got: list[int] = []

    async def consume() -> None:
        while (item := await queue.get()) >= 0:
            got.append(item)

    async def produce() -> None:
        for item in range(4):
            await queue.put(item)
        await queue.put(-1)

    await asyncio.gather(consume(), produce())
    assert got == [0, 1, 2, 3]


async def workers_join_a_queue() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    done: list[int] = []

    async def work() -> None:
        while True:
            item = await queue.get()
            await asyncio.sleep(0.01)
            done.append(item)
            queue.task_done()

    workers = [asyncio.create_task(work()) for _ in range(2)]
    for item in range(4):
        queue.put_nowait(item)
    await queue.join()
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    assert sorted(done) == [0, 1, 2, 3]


async def event_opens_a_gate() -> None:
    gate, passed = asyncio.Event(), 0

    async def walk() -> None:
        nonlocal passed
        await gate.wait()
        passed += 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(walk())
        tasks.create_task(asyncio.sleep(0)).add_done_callback(lambda _: gate.set())
    assert passed == 3


async def condition_hands_over_items() -> None:
    condition, items, got = asyncio.Condition(), deque[int](), []

    async def take() -> None:
        async with condition:
            await condition.wait_for(lambda: bool(items))
            got.append(items.popleft())

    async def give(item: int) -> None:
        async with condition:
            items.append(item)
            condition.notify()

    await asyncio.gather(take(), take(), give(1), give(2))
    assert sorted(got) == [1, 2]


async def semaphore_bounds_the_crowd() -> None:
    semaphore, inside = asyncio.Semaphore(2), 0
    always(lambda: inside <= 2, "at most two inside")

    async def enter() -> None:
        nonlocal inside
        async with semaphore:
            inside += 1
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(enter() for _ in range(4)))


async def barrier_meets() -> None:
    barrier, arrived = asyncio.Barrier(3), 0

    async def come() -> None:
        nonlocal arrived
        arrived += 1
        await barrier.wait()
        assert arrived == 3

    await asyncio.gather(come(), come(), come())


async def future_is_resolved_once() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def resolve(value: int) -> None:
        await asyncio.sleep(0)
        if not future.done():
            future.set_result(value)

    _, _, value = await asyncio.gather(resolve(1), resolve(2), future)
    assert value in (1, 2)


async def priority_queue_keeps_its_order() -> None:
    queue: asyncio.PriorityQueue[int] = asyncio.PriorityQueue()
    for item in (3, 1, 2):
        queue.put_nowait(item)
    assert [await queue.get() for _ in range(3)] == [1, 2, 3]


async def choices_are_all_right() -> None:
    size = choose([1, 2, 3])
    queue: asyncio.Queue[int] = asyncio.Queue(size)

    async def put() -> None:
        for item in range(4):
            await queue.put(item)

    async def get() -> list[int]:
        return [await queue.get() for _ in range(4)]

    _, got = await asyncio.gather(put(), get())
    assert got == [0, 1, 2, 3]


async def callbacks_run_in_turn() -> None:
    loop = asyncio.get_running_loop()
    heard: list[int] = []
    done = asyncio.Event()

    async def emit() -> None:
        first = loop.call_soon(heard.append, -2)
        for message in range(3):
            loop.call_soon(heard.append, message)
        first.cancel()
        loop.call_soon(heard.append, -1).cancel()
        loop.call_soon(heard.append, 3)
        loop.call_soon(done.set)

    await asyncio.gather(emit(), asyncio.sleep(0))
    await done.wait()
    assert heard == [0, 1, 2, 3]


async def thread_s_callbacks_run_in_turn() -> None:
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[int] = asyncio.Queue()

    def produce() -> None:
        for item in range(3):
            loop.call_soon_threadsafe(queue.put_nowait, item)

    producing = asyncio.create_task(asyncio.to_thread(produce))
    try:
        assert [await queue.get() for _ in range(3)] == [0, 1, 2]
    finally:
        await producing


async def done_callbacks_run_in_the_order_of_their_adding() -> None:
    """As those of a future do on every loop, and before a task that awaits it since: caches and emitters rely on it."""
    told: list[str] = []

    async def visit(name: str, shielded: bool) -> None:
        work = asyncio.create_task(asyncio.sleep(0.1))
        for said in (f"{name} first", f"{name} second"):
            work.add_done_callback(lambda _, said=said: told.append(said))  # type: ignore[misc]  # a default binds it now
        await (asyncio.shield(work) if shielded else work)
        assert [said for said in told if said.startswith(name)] == [f"{name} first", f"{name} second"]

    await asyncio.gather(visit("ann", shielded=False), visit("bob", shielded=True))


async def cancelled_callback_lets_the_next_run() -> None:
    """A callback that is ready and cancelled holds up none of those behind it."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    told: list[int] = []
    future.add_done_callback(lambda _: future.remove_done_callback(last))

    def last(_: object) -> None:
        told.append(2)

    def resolve() -> None:
        if not future.done():
            future.set_result(None)

    future.add_done_callback(lambda _: told.append(1))
    future.add_done_callback(last)
    asyncio.get_running_loop().call_soon(resolve)
    await future
    assert told == [1, 2]
