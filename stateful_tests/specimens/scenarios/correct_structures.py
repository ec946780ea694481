"""Correct programs around tasks, groups, time-outs and generators. Every function is a scenario."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from subwarden import may_cancel, may_fail


async def group_cancels_its_children() -> None:
    ended: list[str] = []

    async def wait_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("waiter")

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("as planned")

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(wait_for_ever())
            tasks.create_task(fail())
    except* ValueError:
        pass
    else:
        raise AssertionError("the error was lost")
    assert ended in (["waiter"], [])  # a task that is cancelled before its first step never begins


async def timeout_ends_a_slow_call() -> None:
    try:
        async with asyncio.timeout(1):
            await asyncio.sleep(10)
    except TimeoutError:
        return
    raise AssertionError("no time-out")


async def timeout_spares_a_fast_call() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()

    async def put() -> None:
        await asyncio.sleep(0)
        queue.put_nowait(1)

    putting = asyncio.create_task(put())
    with suppress(TimeoutError):  # a slow step may let it pass
        await asyncio.wait_for(queue.get(), 5)
    await putting


async def shield_protects_a_write() -> None:
    written: list[int] = []

    async def write() -> None:
        await asyncio.sleep(0.01)
        written.append(1)

    writing = asyncio.create_task(write())
    with suppress(asyncio.CancelledError):
        await may_cancel(asyncio.shield(writing))
    await writing
    assert written == [1]


async def gather_returns_exceptions() -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise KeyError("x")

    results = await asyncio.gather(may_cancel(asyncio.sleep(0.01)), fail(), return_exceptions=True)
    assert isinstance(results[1], KeyError)


async def cancelled_task_cleans_up() -> None:
    lock = asyncio.Lock()

    async def hold() -> None:
        async with lock:
            await asyncio.sleep(1)

    holder = asyncio.create_task(hold())
    await asyncio.sleep(0)
    holder.cancel()
    with suppress(asyncio.CancelledError):
        await holder
    async with lock:
        pass


async def generator_is_closed() -> None:
    closed: list[bool] = []

    async def count() -> AsyncIterator[int]:
        try:
            for number in range(10):
                await asyncio.sleep(0)
                yield number
        finally:
            closed.append(True)

    numbers = count()
    async for number in numbers:
        if number == 2:
            break
    await numbers.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert closed == [True]


async def connections_go_back_to_the_pool() -> None:
    free = ["a", "b"]
    available = asyncio.Semaphore(2)

    @asynccontextmanager
    async def connection() -> AsyncIterator[str]:
        async with available:
            one = free.pop()
            try:
                yield one
            finally:
                free.append(one)

    async def query() -> None:
        async with connection():
            await asyncio.sleep(0)

    async def client() -> None:
        with suppress(ConnectionError):
            await may_fail(query(), ConnectionError)

    await asyncio.gather(client(), client(), client())
    assert sorted(free) == ["a", "b"]


async def retry_until_it_works() -> None:
    async def call() -> str:
        await asyncio.sleep(0.1)
        return "ok"

    for _ in range(3):
        with suppress(ConnectionError):
            assert await may_fail(call(), ConnectionError("reset")) == "ok"
            return


async def first_one_wins() -> None:
    async def answer(delay: float) -> float:
        await asyncio.sleep(delay)
        return delay

    tasks = {asyncio.create_task(answer(delay)) for delay in (0.1, 0.2)}
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    assert done


async def as_completed_gives_all() -> None:
    async def answer(value: int) -> int:
        await asyncio.sleep(0.01 * value)
        return value

    assert sorted([await each for each in asyncio.as_completed([answer(2), answer(1)])]) == [1, 2]


async def fire_and_forget_ends_by_itself() -> None:
    log: list[str] = []

    async def write() -> None:
        await asyncio.sleep(0)
        log.append("line")

    task = asyncio.create_task(write())
    task.add_done_callback(lambda _: log.append("done"))


async def client_vanishes() -> None:
    rooms: dict[str, set[str]] = {"lobby": set()}

    async def session(name: str) -> None:
        rooms["lobby"].add(name)
        try:
            await asyncio.sleep(1)
        finally:
            rooms["lobby"].discard(name)

    tasks = [asyncio.create_task(may_cancel(session(name))) for name in ("ann", "bob")]
    await asyncio.wait(tasks)
    assert not rooms["lobby"]


async def spinning_waits_for_a_flag() -> None:
    ready = False

    async def spin() -> None:
        while not ready:
            await asyncio.sleep(0)

    async def slow() -> None:
        nonlocal ready
        for _ in range(30):
            await asyncio.sleep(0)
        ready = True

    await asyncio.gather(spin(), slow())


async def spinning_waits_for_a_timer() -> None:
    """As some locks of packages do: it heats the processor, and ends."""
    answers: list[int] = []

    async def work() -> None:
        await asyncio.sleep(0.1)
        answers.append(1)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(work())
        while not answers:  # as above
            await asyncio.sleep(0)


async def polling_ends() -> None:
    answers: list[int] = []

    async def work() -> None:
        await asyncio.sleep(3)
        answers.append(1)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(work())
        while not answers:
            await asyncio.sleep(0.5)


async def job_may_sleep() -> None:
    def job() -> int:
        time.sleep(3600)
        return 1

    assert sum(await asyncio.gather(asyncio.to_thread(job), asyncio.to_thread(job))) == 2


async def supervisor_has_a_day() -> None:
    starts = 0

    async def child() -> None:
        nonlocal starts
        starts += 1
        await asyncio.sleep(0.1)
        if starts < 3:
            raise OSError("starts again")

    async def supervise() -> None:
        while True:
            try:
                return await child()
            except OSError:
                await asyncio.sleep(1)

    await asyncio.wait_for(supervise(), 86_400)


async def expired_sessions_are_swept() -> None:
    loop = asyncio.get_running_loop()
    expires = {"session": loop.time() + 10}

    async def sweep() -> None:
        while True:
            await asyncio.sleep(5)
            for key in [key for key, at in expires.items() if at <= loop.time()]:
                del expires[key]

    sweeper = asyncio.create_task(sweep())
    try:
        await asyncio.sleep(60)
        assert not expires
    finally:
        sweeper.cancel()
        await asyncio.wait([sweeper])


async def long_sleeps_end_after_short_ones() -> None:
    sleeper = asyncio.create_task(asyncio.sleep(100))
    await asyncio.sleep(1)
    sleeper.cancel()
    await asyncio.wait([sleeper])
    assert sleeper.cancelled()
