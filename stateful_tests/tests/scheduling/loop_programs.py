"""The corpus of small asyncio programs that must behave alike on the stock loop and on the controlled one.

It exists because a finding is only worth something if the loop that showed it is asyncio as far as a program can tell. Each program
writes what it can observe (orders, results, types of errors, cancellation messages, context variables) to a list; the lists are
compared by `test_loop_equals_stock`. Rules for a program:

- nothing it started is left running when it ends, since `asyncio.run` would cancel it and the controlled loop would finish it;
- moments are whole TICKs apart and what follows a moment is short, so that a slow machine cannot turn the order round;
- no default task names, no addresses, and never the order of a set of tasks: these differ between two runs of stock asyncio, too.

Long because it is data: a list of programs, each a few lines, that one test runs.
"""

import asyncio
import contextvars
import gc
import heapq
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

Log = list[object]
Program = Callable[[Log], Awaitable[None]]

TICK = 0.01
PROGRAMS: dict[str, Program] = {}

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


def program(function: Program) -> Program:
    """Add `function` to the corpus under its own name."""
    name = getattr(function, "__name__", "")
    assert name and name not in PROGRAMS
    PROGRAMS[name] = function
    return function


def told(error: BaseException) -> object:
    """An error as a value that can be compared; the members of a group in an order that does not depend on chance."""
    if isinstance(error, BaseExceptionGroup):
        return (type(error).__name__, sorted((told(inner) for inner in error.exceptions), key=repr))
    return (type(error).__name__, *map(str, error.args))


async def end_of(awaitable: Awaitable[object]) -> object:
    """How `awaitable` ended: its result, or the error it raised."""
    try:
        return ("result", await awaitable)
    except (Exception, asyncio.CancelledError) as error:
        return told(error)


async def turns(count: int) -> None:
    """Let everything that is ready run, `count` times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def nap(log: Log, ticks: int, what: object = None) -> object:
    """Sleep, telling of a cancellation."""
    try:
        await asyncio.sleep(ticks * TICK)
    except asyncio.CancelledError as error:
        log.append((what, "cancelled", *error.args))
        raise
    log.append((what, "woke"))
    return what


async def fail(after: int = 0, error: type[Exception] = ValueError) -> None:
    """Fail after some turns."""
    await turns(after)
    raise error(f"after {after}")


# --- locks


@program
async def lock_serves_waiters_in_order(log: Log) -> None:
    lock = asyncio.Lock()

    async def worker(name: str) -> None:
        log.append((name, "asks"))
        async with lock:
            log.append((name, "in", lock.locked()))
            await turns(2)
            log.append((name, "out"))

    await asyncio.gather(*(worker(name) for name in "abc"))
    log.append(lock.locked())


@program
async def lock_newcomer_queues_behind_the_woken_head(log: Log) -> None:
    lock = asyncio.Lock()

    async def worker(name: str) -> None:
        async with lock:
            log.append(name)

    await lock.acquire()
    first = asyncio.create_task(worker("first"))
    await turns(1)
    lock.release()
    log.append(lock.locked())
    await worker("newcomer")
    await first


@program
async def lock_waiter_cancelled(log: Log) -> None:
    lock = asyncio.Lock()

    async def worker(name: str) -> None:
        async with lock:
            log.append(name)

    await lock.acquire()
    tasks = [asyncio.create_task(worker(name)) for name in "abc"]
    await turns(1)
    tasks[1].cancel("not you")
    await turns(1)
    lock.release()
    log.append([await end_of(task) for task in tasks])


@program
async def lock_woken_head_cancelled(log: Log) -> None:
    lock = asyncio.Lock()

    async def worker(name: str) -> None:
        async with lock:
            log.append(name)
            await turns(1)

    await lock.acquire()
    tasks = [asyncio.create_task(worker(name)) for name in "abc"]
    await turns(1)
    lock.release()
    tasks[0].cancel()
    log.append(lock.locked())
    await turns(1)
    log.append(lock.locked())
    log.append([await end_of(task) for task in tasks])
    log.append(lock.locked())


@program
async def lock_released_while_free(log: Log) -> None:
    lock = asyncio.Lock()
    try:
        lock.release()
    except RuntimeError as error:
        log.append(told(error))
    async with lock:
        log.append("in")


@program
async def lock_released_by_another_task(log: Log) -> None:
    lock = asyncio.Lock()
    await lock.acquire()

    async def release() -> None:
        lock.release()
        log.append("released")

    task = asyncio.create_task(release())
    await lock.acquire()
    log.append("taken again")
    lock.release()
    await task


@program
async def lock_body_fails(log: Log) -> None:
    lock = asyncio.Lock()

    async def body() -> None:
        async with lock:
            await fail(1)

    log.append(await end_of(body()))
    log.append(lock.locked())


# --- events, conditions, semaphores, barriers


@program
async def event_wakes_all_in_order(log: Log) -> None:
    event = asyncio.Event()

    async def waiter(name: str) -> None:
        log.append((name, await event.wait(), event.is_set()))

    tasks = [asyncio.create_task(waiter(name)) for name in "abc"]
    await turns(1)
    event.set()
    log.append("set")
    event.clear()
    await asyncio.gather(*tasks)
    event.set()
    await waiter("late")


@program
async def event_waiter_cancelled(log: Log) -> None:
    event = asyncio.Event()
    tasks = [asyncio.create_task(event.wait()) for _ in range(3)]
    await turns(1)
    event.set()
    tasks[1].cancel()
    log.append([await end_of(task) for task in tasks])


@program
async def condition_notifies_in_order(log: Log) -> None:
    condition = asyncio.Condition()

    async def waiter(name: str) -> None:
        async with condition:
            await condition.wait()
            log.append(name)
            await turns(1)

    tasks = [asyncio.create_task(waiter(name)) for name in "abcd"]
    await turns(1)
    async with condition:
        condition.notify(2)
        log.append("notified two")
    await turns(8)
    log.append("then all")
    async with condition:
        condition.notify_all()
    await asyncio.gather(*tasks)


@program
async def condition_waits_for_a_predicate(log: Log) -> None:
    condition = asyncio.Condition()
    items: list[int] = []

    async def consumer() -> None:
        async with condition:
            log.append(await condition.wait_for(lambda: len(items) > 1))
            log.append(list(items))

    task = asyncio.create_task(consumer())
    for item in range(3):
        await turns(1)
        async with condition:
            items.append(item)
            condition.notify()
    await task


@program
async def condition_cancelled_waiter_takes_the_lock_again(log: Log) -> None:
    condition = asyncio.Condition()

    async def waiter() -> None:
        async with condition:
            try:
                await condition.wait()
            finally:
                log.append(("held on the way out", condition.locked()))

    task = asyncio.create_task(waiter())
    await turns(1)
    async with condition:
        task.cancel("enough")
        await turns(3)
        log.append("still mine")
    log.append(await end_of(task))
    log.append(condition.locked())


@program
async def condition_misused(log: Log) -> None:
    condition = asyncio.Condition()
    log.append(await end_of(condition.wait()))
    try:
        condition.notify()
    except RuntimeError as error:
        log.append(told(error))


@program
async def semaphore_lets_two_in(log: Log) -> None:
    semaphore = asyncio.Semaphore(2)

    async def worker(name: str) -> None:
        async with semaphore:
            log.append((name, "in", semaphore.locked()))
            await turns(2)
        log.append((name, "out"))

    await asyncio.gather(*(worker(name) for name in "abcde"))


@program
async def semaphore_woken_waiter_cancelled(log: Log) -> None:
    semaphore = asyncio.Semaphore(1)

    async def worker(name: str) -> None:
        async with semaphore:
            log.append(name)

    await semaphore.acquire()
    tasks = [asyncio.create_task(worker(name)) for name in "abc"]
    await turns(1)
    semaphore.release()
    tasks[0].cancel()
    log.append([await end_of(task) for task in tasks])
    log.append(semaphore.locked())


@program
async def bounded_semaphore_released_too_often(log: Log) -> None:
    semaphore = asyncio.BoundedSemaphore(1)
    async with semaphore:
        log.append(semaphore.locked())
    try:
        semaphore.release()
    except ValueError as error:
        log.append(told(error))


@program
async def barrier_lets_all_through_together(log: Log) -> None:
    barrier = asyncio.Barrier(3)

    async def worker(name: str) -> None:
        for lap in range(2):
            place = await barrier.wait()
            log.append((name, lap, place, barrier.n_waiting))

    await asyncio.gather(*(worker(name) for name in "abc"))


@program
async def barrier_aborted_and_reset(log: Log) -> None:
    barrier = asyncio.Barrier(3)
    tasks = [asyncio.create_task(barrier.wait()) for _ in range(2)]
    await turns(1)
    await barrier.abort()
    log.append([await end_of(task) for task in tasks])
    log.append((barrier.broken, await end_of(barrier.wait())))
    await barrier.reset()
    log.append(barrier.broken)


@program
async def barrier_waiter_cancelled(log: Log) -> None:
    barrier = asyncio.Barrier(2)
    task = asyncio.create_task(barrier.wait())
    await turns(1)
    task.cancel()
    log.append((await end_of(task), barrier.n_waiting))
    log.append(sorted(await asyncio.gather(barrier.wait(), barrier.wait())))


# --- queues


@program
async def queue_blocks_getters_and_putters(log: Log) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(1)

    async def producer() -> None:
        for item in range(4):
            await queue.put(item)
            log.append(("put", item, queue.qsize()))

    async def consumer(name: str) -> None:
        for _ in range(2):
            log.append((name, "got", await queue.get()))

    await asyncio.gather(consumer("a"), producer(), consumer("b"))


@program
async def queue_getter_cancelled(log: Log) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    getters = [asyncio.create_task(queue.get()) for _ in range(3)]
    await turns(1)
    queue.put_nowait(1)
    getters[0].cancel("gone")
    queue.put_nowait(2)
    queue.put_nowait(3)
    log.append([await end_of(getter) for getter in getters])
    log.append(queue.qsize())


@program
async def queue_putter_cancelled(log: Log) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(1)
    queue.put_nowait(0)
    putters = [asyncio.create_task(queue.put(item)) for item in (1, 2)]
    await turns(1)
    putters[0].cancel()
    log.append(queue.get_nowait())
    log.append([await end_of(putter) for putter in putters])
    log.append(queue.get_nowait())


@program
async def queue_full_and_empty(log: Log) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(1)
    for attempt in (queue.get_nowait, lambda: queue.put_nowait(1), lambda: queue.put_nowait(2), queue.task_done, queue.task_done):
        try:
            log.append(attempt())
        except (asyncio.QueueEmpty, asyncio.QueueFull, ValueError) as error:
            log.append(told(error))


@program
async def queue_join_waits_for_all_work(log: Log) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()

    async def worker() -> None:
        while True:
            item = await queue.get()
            await turns(item)
            log.append(("done", item))
            queue.task_done()

    for item in (2, 1, 0):
        queue.put_nowait(item)
    workers = [asyncio.create_task(worker()) for _ in range(2)]
    await queue.join()
    log.append("joined")
    for task in workers:
        task.cancel()
    log.append([await end_of(task) for task in workers])


@program
async def queues_that_sort(log: Log) -> None:
    queues: list[asyncio.Queue[int]] = [asyncio.PriorityQueue(), asyncio.LifoQueue(2)]

    async def fill(queue: asyncio.Queue[int]) -> None:
        for item in (3, 1, 2, 0):
            await queue.put(item)

    for queue in queues:
        task = asyncio.create_task(fill(queue))
        await turns(1)
        log.append([await queue.get() for _ in range(4)])
        await task


# --- task groups


@program
async def group_succeeds(log: Log) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(nap(log, ticks, ticks)) for ticks in (3, 1, 2)]
        log.append("body ends")
    log.append([task.result() for task in tasks])


@program
async def group_child_fails(log: Log) -> None:
    async def body() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(nap(log, 50, "other"))
            group.create_task(fail(2))
            await nap(log, 50, "body")

    log.append(await end_of(body()))
    current = asyncio.current_task()
    assert current is not None
    log.append(current.cancelling())


@program
async def group_two_children_fail(log: Log) -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(1)
        finally:
            raise KeyError("on the way out")

    async def body() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(stubborn())
            group.create_task(fail(1))

    log.append(await end_of(body()))


@program
async def group_body_fails(log: Log) -> None:
    async def body() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(nap(log, 50, "child"))
            await turns(1)
            raise LookupError("body")

    log.append(await end_of(body()))


@program
async def group_parent_cancelled(log: Log) -> None:
    async def body() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(nap(log, 50, "child"))

    task = asyncio.create_task(body())
    await turns(2)
    task.cancel("parent")
    log.append(await end_of(task))


@program
async def group_parent_cancelled_while_child_fails(log: Log) -> None:
    async def body() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(1))
            await nap(log, 50, "body")

    task = asyncio.create_task(body())
    await turns(2)
    task.cancel("parent")
    log.append((await end_of(task), task.cancelled(), task.cancelling()))


@program
async def group_nested(log: Log) -> None:
    async def inner() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(nap(log, 50, "inner child"))

    async def outer() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(inner())
            group.create_task(fail(4, KeyError))

    log.append(await end_of(outer()))


@program
async def group_used_too_late(log: Log) -> None:
    async with asyncio.TaskGroup() as group:
        pass
    late = nap(log, 0)
    try:
        group.create_task(late)
    except RuntimeError as error:
        log.append(type(error).__name__)
    late.close()


# --- timeouts and wait_for


@program
async def timeout_expires(log: Log) -> None:
    scope = asyncio.timeout(2 * TICK)
    try:
        async with scope:
            await nap(log, 50, "inside")
    except TimeoutError as error:
        log.append((told(error), scope.expired(), type(error.__cause__).__name__))


@program
async def timeout_not_needed(log: Log) -> None:
    async with asyncio.timeout(50 * TICK) as scope:
        await nap(log, 1, "inside")
    log.append((scope.expired(), repr(scope).split()[1]))
    async with asyncio.timeout(None) as scope:
        await turns(1)
        log.append(scope.when())


@program
async def timeout_zero_and_past(log: Log) -> None:
    async def body(scope: asyncio.Timeout) -> None:
        async with scope:
            log.append("entered")
            await turns(3)
            log.append("too far")

    log.append(await end_of(body(asyncio.timeout(0))))
    log.append(await end_of(body(asyncio.timeout(-1))))
    log.append(await end_of(body(asyncio.timeout_at(asyncio.get_running_loop().time() - 1))))


@program
async def timeout_rescheduled(log: Log) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout_at(loop.time() + 2 * TICK) as scope:
        scope.reschedule(loop.time() + 50 * TICK)
        await nap(log, 4, "later")
        scope.reschedule(None)
        log.append(scope.when())
    try:
        async with asyncio.timeout(50 * TICK) as scope:
            scope.reschedule(loop.time() + TICK)
            await nap(log, 40, "sooner")
    except TimeoutError:
        log.append("sooner")


@program
async def timeouts_nested(log: Log) -> None:
    async def nest(outer: int, inner: int) -> None:
        async with asyncio.timeout(outer * TICK):
            try:
                async with asyncio.timeout(inner * TICK):
                    await nap(log, 50, (outer, inner))
            except TimeoutError:
                log.append("inner")
                await nap(log, 1, "goes on")

    log.append(await end_of(nest(20, 1)))
    log.append(await end_of(nest(1, 20)))


@program
async def timeout_body_raises_its_own(log: Log) -> None:
    async def body() -> None:
        async with asyncio.timeout(TICK):
            try:
                await asyncio.sleep(1)
            finally:
                raise KeyError("own")

    log.append(await end_of(body()))


@program
async def timeout_and_cancellation_from_outside(log: Log) -> None:
    async def body() -> None:
        async with asyncio.timeout(50 * TICK):
            await nap(log, 100, "inside")

    task = asyncio.create_task(body())
    await turns(2)
    task.cancel("outside")
    log.append((await end_of(task), task.cancelling()))


@program
async def wait_for_finishes(log: Log) -> None:
    log.append(await asyncio.wait_for(nap(log, 1, "quick"), 50 * TICK))
    log.append(await asyncio.wait_for(nap(log, 1, "no limit"), None))
    log.append(await end_of(asyncio.wait_for(fail(1), 50 * TICK)))


@program
async def wait_for_times_out(log: Log) -> None:
    log.append(await end_of(asyncio.wait_for(nap(log, 50, "slow"), TICK)))
    log.append(await end_of(asyncio.wait_for(nap(log, 50, "no time"), 0)))
    done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    done.set_result("was done")
    log.append(await end_of(asyncio.wait_for(done, 0)))


@program
async def wait_for_cancelled_from_outside(log: Log) -> None:
    task = asyncio.create_task(asyncio.wait_for(nap(log, 50, "inner"), 80 * TICK))
    await turns(3)
    task.cancel("outside")
    log.append(await end_of(task))


@program
async def wait_for_inner_swallows_the_cancellation(log: Log) -> None:
    async def stubborn() -> str:
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            log.append("swallowed")
        return "anyway"

    log.append(await end_of(asyncio.wait_for(stubborn(), TICK)))


@program
async def wait_for_inner_fails_on_cancellation(log: Log) -> None:
    async def bad() -> None:
        try:
            await asyncio.sleep(1)
        finally:
            await turns(2)
            raise KeyError("on the way out")

    log.append(await end_of(asyncio.wait_for(bad(), TICK)))


# --- shield, gather, wait, as_completed


@program
async def shield_keeps_the_inner_alive(log: Log) -> None:
    inner = asyncio.create_task(nap(log, 2, "inner"))

    async def outer() -> None:
        await asyncio.shield(inner)

    task = asyncio.create_task(outer())
    await turns(2)
    task.cancel("outer only")
    log.append(await end_of(task))
    log.append(await end_of(inner))


@program
async def shield_tells_of_a_cancelled_inner(log: Log) -> None:
    inner = asyncio.create_task(nap(log, 50, "inner"))
    shielded = asyncio.shield(inner)
    await turns(1)
    inner.cancel("inner")
    log.append((await end_of(shielded), inner.cancelled(), shielded.cancelled()))


@program
async def gather_keeps_the_order_of_arguments(log: Log) -> None:
    same = asyncio.create_task(nap(log, 2, "same"))
    log.append(await asyncio.gather(nap(log, 3, "c"), same, nap(log, 1, "a"), same))
    log.append(await asyncio.gather())


@program
async def gather_first_failure(log: Log) -> None:
    slow = asyncio.create_task(nap(log, 2, "slow"))
    log.append(await end_of(asyncio.gather(slow, fail(1), fail(2, KeyError))))
    log.append(slow.done())
    await slow


@program
async def gather_collects_failures(log: Log) -> None:
    cancelled = asyncio.create_task(nap(log, 50, "cancelled"))
    asyncio.get_running_loop().call_later(TICK, cancelled.cancel, "one of them")
    results = await asyncio.gather(nap(log, 2, "fine"), fail(1), cancelled, return_exceptions=True)
    log.append([told(result) if isinstance(result, BaseException) else result for result in results])


@program
async def gather_cancelled(log: Log) -> None:
    for collect in (False, True):
        children = [asyncio.create_task(nap(log, 50, name)) for name in "ab"]
        gathered = asyncio.gather(*children, return_exceptions=collect)
        await turns(1)
        log.append(gathered.cancel("all of you"))
        log.append(await end_of(gathered))
        log.append([child.cancelled() for child in children])


@program
async def gather_child_cancelled(log: Log) -> None:
    children = [asyncio.create_task(nap(log, ticks, ticks)) for ticks in (50, 1)]
    gathered = asyncio.gather(*children)
    await turns(1)
    children[0].cancel("child")
    log.append((await end_of(gathered), gathered.cancelled()))
    await children[1]


@program
async def wait_until_the_first(log: Log) -> None:
    tasks = {name: asyncio.create_task(nap(log, ticks, name), name=name) for name, ticks in (("slow", 6), ("quick", 1), ("middle", 3))}
    pending = set(tasks.values())
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        log.append((sorted(task.get_name() for task in done), sorted(task.get_name() for task in pending)))


@program
async def wait_until_the_first_error(log: Log) -> None:
    failing = asyncio.create_task(fail(1), name="failing")
    slow = asyncio.create_task(nap(log, 2, "slow"), name="slow")
    done, pending = await asyncio.wait({failing, slow}, return_when=asyncio.FIRST_EXCEPTION)
    log.append(([task.get_name() for task in done], [task.get_name() for task in pending]))
    log.append(await end_of(failing))
    await slow


@program
async def wait_with_a_timeout(log: Log) -> None:
    tasks = [asyncio.create_task(nap(log, ticks, ticks), name=str(ticks)) for ticks in (1, 5)]
    done, pending = await asyncio.wait(tasks, timeout=3 * TICK)
    log.append(([task.get_name() for task in done], [task.get_name() for task in pending]))
    log.append([task.cancelling() for task in pending])
    await asyncio.gather(*pending)


@program
async def wait_cancelled(log: Log) -> None:
    inner = asyncio.create_task(nap(log, 2, "inner"))
    task = asyncio.create_task(asyncio.wait([inner]))
    await turns(2)
    task.cancel("the wait")
    log.append(await end_of(task))
    log.append(await inner)


@program
async def as_completed_by_time(log: Log) -> None:
    for ended in asyncio.as_completed([nap(log, ticks, ticks) for ticks in (5, 1, 3)]):
        log.append(("next", await end_of(ended)))


@program
async def as_completed_times_out(log: Log) -> None:
    tasks = [asyncio.create_task(nap(log, ticks, ticks)) for ticks in (1, 6)]
    for ended in asyncio.as_completed(tasks, timeout=3 * TICK):
        log.append(await end_of(ended))
    await asyncio.gather(*tasks)


# --- generators and context managers


async def numbers(log: Log, count: int = 9) -> AsyncIterator[int]:
    """Counts, and tells how it was left."""
    try:
        for number in range(count):
            await asyncio.sleep(0)
            yield number
    except BaseException as error:
        log.append(told(error))
        raise
    finally:
        await asyncio.sleep(0)
        log.append("closed")


@program
async def generator_runs_out(log: Log) -> None:
    log.append([number async for number in numbers(log, 3)])


@program
async def generator_closed(log: Log) -> None:
    async with aclosing(numbers(log)) as generator:  # type: ignore[type-var]  # an async generator in fact
        async for number in generator:
            log.append(number)
            if number == 1:
                break
    log.append(await end_of(anext(generator)))


@program
async def generator_abandoned(log: Log) -> None:
    async for number in numbers(log):
        if number == 1:
            break
    gc.collect()
    log.append("left")
    await turns(5)


@program
async def generator_abandoned_by_a_cancelled_task(log: Log) -> None:
    async def reader() -> None:
        async for number in numbers(log):
            log.append(number)
            await nap(log, 50, "reader")

    task = asyncio.create_task(reader())
    await turns(3)
    task.cancel("reader")
    log.append(await end_of(task))
    del task
    gc.collect()
    await turns(5)


@program
async def generator_thrown_into(log: Log) -> None:
    async def echo() -> Any:
        received: object = "nothing"
        while True:
            try:
                received = yield received
                await asyncio.sleep(0)
            except KeyError as error:
                received = told(error)

    generator = echo()
    log.append(await anext(generator))
    log.append(await generator.asend("sent"))
    log.append(await generator.athrow(KeyError("thrown")))
    log.append(await end_of(generator.athrow(ValueError("not caught"))))
    log.append(await end_of(generator.aclose()))


@program
async def generators_shut_down(log: Log) -> None:
    generator = numbers(log)
    log.append(await anext(generator))
    await asyncio.get_running_loop().shutdown_asyncgens()
    log.append(await end_of(anext(generator)))


@program
async def context_managers_unwind(log: Log) -> None:
    @asynccontextmanager
    async def scope(name: str, swallow: bool) -> AsyncIterator[str]:
        await asyncio.sleep(0)
        try:
            yield name
        except LookupError as error:
            log.append((name, told(error)))
            if not swallow:
                raise
        finally:
            await asyncio.sleep(0)
            log.append((name, "leaves"))

    async with AsyncExitStack() as stack:
        stack.push_async_callback(nap, log, 1, "callback")
        log.append(await stack.enter_async_context(scope("outer", True)))
        log.append(await stack.enter_async_context(scope("inner", False)))
        raise KeyError("body")
    log.append("swallowed")  # type: ignore[unreachable]  # the outer scope swallows it


@program
async def context_manager_cancelled_on_the_way_in(log: Log) -> None:
    @asynccontextmanager
    async def scope() -> AsyncIterator[None]:
        try:
            await nap(log, 50, "enter")
            yield
        finally:
            log.append("leaves")

    async def user() -> None:
        async with scope():
            log.append("never")

    task = asyncio.create_task(user())
    await turns(1)
    task.cancel("in")
    log.append(await end_of(task))


# --- context variables


@program
async def context_is_copied_into_tasks(log: Log) -> None:
    variable.set("parent")

    async def child(name: str) -> None:
        log.append((name, variable.get()))
        variable.set(name)
        await turns(1)
        log.append((name, variable.get()))

    tasks = [asyncio.create_task(child(name)) for name in "ab"]
    variable.set("changed")
    await asyncio.gather(*tasks, child("c"))
    log.append(variable.get())


@program
async def context_of_callbacks(log: Log) -> None:
    loop = asyncio.get_running_loop()

    def tell(name: str) -> None:
        log.append((name, variable.get()))
        variable.set(f"by {name}")

    variable.set("before")
    loop.call_soon(tell, "soon")
    loop.call_later(TICK, tell, "later")
    own = contextvars.copy_context()
    own.run(variable.set, "own")
    own.run(loop.call_soon, tell, "soon from its own")
    loop.call_soon(lambda: tell("given"), context=own)
    loop.call_later(2 * TICK, lambda: tell("given later"), context=own)
    future = loop.create_future()
    future.add_done_callback(lambda _: tell("done"))
    future.add_done_callback(lambda _: tell("done in its own"), context=own)
    variable.set("after")
    future.set_result(None)
    await asyncio.sleep(4 * TICK)
    log.append((variable.get(), own[variable]))


@program
async def context_given_to_a_task(log: Log) -> None:
    own = contextvars.copy_context()

    async def child(name: str) -> None:
        variable.set(name)
        await turns(1)
        log.append(variable.get())

    await asyncio.gather(*(asyncio.create_task(child(name), context=own) for name in "ab"))
    async with asyncio.TaskGroup() as group:
        group.create_task(child("c"), context=own)
    log.append((variable.get(), own[variable]))


@program
async def context_of_a_generator(log: Log) -> None:
    async def generator() -> AsyncIterator[str]:
        yield variable.get()
        variable.set("in the generator")
        yield variable.get()

    variable.set("first")
    async for seen in generator():
        log.append(seen)
    log.append(variable.get())


# --- callbacks and timers


@program
async def callbacks_run_in_order(log: Log) -> None:
    loop = asyncio.get_running_loop()

    def outer(name: str) -> None:
        log.append(name)
        loop.call_soon(log.append, f"{name} again")

    for name in "abc":
        loop.call_soon(outer, name)
    loop.call_soon_threadsafe(outer, "threadsafe")
    await turns(1)
    log.append("task")
    await turns(2)


@program
async def callback_cancelled(log: Log) -> None:
    loop = asyncio.get_running_loop()
    handles = [loop.call_soon(log.append, name) for name in "abc"]
    handles[1].cancel()
    handles[1].cancel()
    loop.call_soon(handles[2].cancel)
    log.append([handle.cancelled() for handle in handles])
    await turns(2)
    handles[0].cancel()
    log.append([handle.cancelled() for handle in handles])


@program
async def callback_cancelled_by_an_earlier_one(log: Log) -> None:
    loop = asyncio.get_running_loop()
    handles: list[asyncio.Handle] = []
    loop.call_soon(lambda: handles.pop().cancel())
    handles.append(loop.call_soon(log.append, "never"))
    loop.call_soon(log.append, "last")
    await turns(2)


@program
async def callback_fails(log: Log) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: log.append(told(context["exception"])))
    loop.call_soon(int, "no number")
    loop.call_soon(log.append, "next")
    loop.call_later(TICK, int, "nor this")
    await asyncio.sleep(2 * TICK)


@program
async def timers_by_deadline(log: Log) -> None:
    loop = asyncio.get_running_loop()
    for ticks in (5, 1, 3):
        loop.call_later(ticks * TICK, log.append, ticks)
    loop.call_at(loop.time() + 2 * TICK, log.append, 2)
    loop.call_soon(log.append, "soon")
    await asyncio.sleep(7 * TICK)


@program
async def timers_with_equal_deadlines(log: Log) -> None:
    """Two only: the heap of stock asyncio is not stable for more, and its documentation promises no order."""
    loop = asyncio.get_running_loop()
    when = loop.time() + TICK
    for name in "ab":
        loop.call_at(when, log.append, name)
    await asyncio.sleep(3 * TICK)


@program
async def timer_cancelled(log: Log) -> None:
    loop = asyncio.get_running_loop()
    timers = [loop.call_later(ticks * TICK, log.append, ticks) for ticks in (1, 2, 3)]
    timers[1].cancel()
    log.append([timer.cancelled() for timer in timers])
    log.append(timers[0].when() < timers[2].when())
    await asyncio.sleep(5 * TICK)
    timers[0].cancel()
    log.append([timer.cancelled() for timer in timers])


@program
async def timer_cancelled_by_one_of_the_same_moment(log: Log) -> None:
    loop = asyncio.get_running_loop()
    when = loop.time() + TICK
    timers: list[asyncio.TimerHandle] = []
    loop.call_at(when, lambda: timers[0].cancel())  # noqa: PLW0108  # it is not there yet
    timers.append(loop.call_at(when, log.append, "never"))
    loop.call_at(when, log.append, "last")
    await asyncio.sleep(3 * TICK)
    log.append(timers[0].cancelled())


@program
async def timer_reply_and_timeout_at_one_moment(log: Log) -> None:
    """The reply and the end of the timeout become due together: the first of them decides."""
    loop = asyncio.get_running_loop()
    reply = loop.create_future()
    when = loop.time() + TICK
    loop.call_at(when, reply.set_result, "reply")
    try:
        async with asyncio.timeout_at(when):
            log.append(await reply)
    except TimeoutError:
        log.append("timed out")


@program
async def sleeps_end_in_order(log: Log) -> None:
    await asyncio.gather(*(nap(log, ticks, ticks) for ticks in (4, 2, 0, 6)))
    log.append(await asyncio.sleep(0, "zero"))
    log.append(await asyncio.sleep(TICK, "one"))
    log.append(await asyncio.sleep(-1, "negative"))


@program
async def sleep_zero_takes_turns(log: Log) -> None:
    async def worker(name: str) -> None:
        for turn in range(3):
            log.append((name, turn))
            await asyncio.sleep(0)

    await asyncio.gather(*(worker(name) for name in "abc"))


# --- futures and tasks


@program
async def done_callbacks_in_order(log: Log) -> None:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def waiter(name: str) -> None:
        log.append((name, await future))

    def twice(_: object) -> None:
        log.append("twice")

    future.add_done_callback(lambda _: log.append("first"))
    tasks = [asyncio.create_task(waiter(name)) for name in "ab"]
    await turns(1)
    future.add_done_callback(twice)
    future.add_done_callback(twice)
    log.append(future.remove_done_callback(twice))
    future.add_done_callback(lambda done: log.append(("last", done.result())))
    future.set_result("result")
    future.add_done_callback(lambda _: log.append("when done"))
    log.append("set")
    await asyncio.gather(*tasks)


@program
async def future_misused(log: Log) -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    for attempt in (future.result, future.exception):
        try:
            log.append(attempt())
        except asyncio.InvalidStateError as error:
            log.append(told(error))
    log.append((future.cancel("first"), future.cancel("second"), future.cancelled()))
    try:
        future.set_result(1)
    except asyncio.InvalidStateError as error:
        log.append(type(error).__name__)
    log.append(await end_of(future))


@program
async def task_cancelled_before_it_starts(log: Log) -> None:
    task = asyncio.create_task(nap(log, 1, "never"))
    log.append(task.cancel("early"))
    log.append((await end_of(task), task.cancelled(), task.cancel("late")))


@program
async def task_cancelled_twice(log: Log) -> None:
    async def body() -> str:
        for _ in range(2):
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError as error:
                log.append(error.args)
                current = asyncio.current_task()
                assert current is not None
                log.append((current.cancelling(), current.uncancel(), current.cancelling()))
        return "survived"

    task = asyncio.create_task(body())
    await turns(1)
    task.cancel("one")
    task.cancel("two")
    log.append(task.cancelling())
    await turns(2)
    task.cancel("three")
    log.append((await end_of(task), task.cancelling(), task.cancelled()))


@program
async def task_cancels_itself(log: Log) -> None:
    async def body() -> None:
        current = asyncio.current_task()
        assert current is not None
        current.cancel("me")
        log.append("still here")
        await turns(1)
        log.append("never")

    task = asyncio.create_task(body())
    log.append((await end_of(task), task.cancelled()))


@program
async def task_cancelled_when_already_woken(log: Log) -> None:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def body() -> str:
        return await future

    task = asyncio.create_task(body())
    await turns(1)
    future.set_result("lost")
    log.append(task.cancel("woken"))
    log.append((await end_of(task), future.done(), future.cancelled()))


@program
async def task_cancellation_goes_down_the_chain(log: Log) -> None:
    async def inner() -> None:
        await nap(log, 50, "inner")

    child = asyncio.create_task(inner())

    async def middle() -> None:
        try:
            await child
        finally:
            await turns(1)
            log.append("middle")

    task = asyncio.create_task(middle())
    await turns(2)
    task.cancel("from the top")
    log.append((await end_of(task), child.cancelled()))


@program
async def task_swallows_a_cancellation(log: Log) -> None:
    async def stubborn() -> str:
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            await turns(1)
        return "anyway"

    task = asyncio.create_task(stubborn())
    await turns(1)
    task.cancel()
    log.append((await end_of(task), task.cancelled(), task.cancelling()))


@program
async def task_fails_with_results_read_twice(log: Log) -> None:
    task = asyncio.create_task(fail(1))
    log.append(await end_of(task))
    log.append(await end_of(task))
    error = task.exception()
    assert error is not None
    log.append(told(error))


@program
async def task_awaited_by_many(log: Log) -> None:
    task = asyncio.create_task(nap(log, 1, "task"))

    async def waiter(name: str) -> None:
        log.append((name, await task))

    await asyncio.gather(*(waiter(name) for name in "abc"))


@program
async def task_awaits_nonsense(log: Log) -> None:
    class Nonsense:
        def __await__(self) -> Any:
            yield 42

    async def body() -> None:
        await Nonsense()

    log.append((await end_of(asyncio.create_task(body())))[0])  # type: ignore[index]  # an error's tuple; its text has an address


@program
async def task_awaits_itself(log: Log) -> None:
    async def body() -> None:
        current = asyncio.current_task()
        assert current is not None
        await current

    log.append((await end_of(asyncio.create_task(body())))[0])  # type: ignore[index]  # as above


@program
async def task_names(log: Log) -> None:
    async def tell() -> str:
        current = asyncio.current_task()
        assert current is not None
        return current.get_name()

    task = asyncio.create_task(tell(), name="given")
    log.append((task.get_name(), await task))
    task = asyncio.create_task(tell())
    task.set_name("changed")
    log.append(await task)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(tell(), name="in a group")
    log.append(task.result())


@program
async def task_current_and_all(log: Log) -> None:
    async def child() -> None:
        log.append(asyncio.current_task() is tasks[0])
        log.append(sorted(task.get_name() for task in asyncio.all_tasks() if task is not me))
        await turns(1)

    me = asyncio.current_task()
    tasks = [asyncio.create_task(child(), name="a"), asyncio.create_task(nap(log, 1, "b"), name="b")]
    asyncio.get_running_loop().call_soon(lambda: log.append(asyncio.current_task()))
    await tasks[0]
    log.append(asyncio.current_task() is me)
    log.append(len(asyncio.all_tasks()))
    await tasks[1]
    log.append(len(asyncio.all_tasks()))


@program
async def ensure_future_and_threadsafe(log: Log) -> None:
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    log.append(asyncio.ensure_future(future) is future)
    task = asyncio.ensure_future(nap(log, 1, "ensured"))
    log.append(await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(nap(log, 2, "threadsafe"), loop)))
    await task
    future.cancel()


@program
async def stream_reader_without_a_socket(log: Log) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    loop.call_later(TICK, reader.feed_data, b"one\ntw")
    loop.call_later(2 * TICK, reader.feed_data, b"o\n\x00\x01rest")
    loop.call_later(3 * TICK, reader.feed_eof)
    log.append(await reader.readline())
    log.append(await reader.readuntil(b"\n"))
    log.append(await reader.readexactly(2))
    log.append(await end_of(reader.readexactly(9)))
    log.append(reader.at_eof())


@program
async def pipeline_with_priorities(log: Log) -> None:
    """Several primitives at once: workers, a semaphore, a heap under a lock, and an event that ends it."""
    lock, gate, ended = asyncio.Lock(), asyncio.Semaphore(2), asyncio.Event()
    heap: list[tuple[int, str]] = []

    async def producer(name: str, priorities: tuple[int, ...]) -> None:
        for priority in priorities:
            async with lock:
                heapq.heappush(heap, (priority, name))
            await turns(1)

    async def consumer(name: str) -> None:
        while not ended.is_set() or heap:
            async with gate, lock:
                if heap:
                    log.append((name, *heapq.heappop(heap)))
            await turns(1)

    async with asyncio.TaskGroup() as group:
        for name in "xyz":
            group.create_task(consumer(name))
        await asyncio.gather(producer("p", (3, 1, 2)), producer("q", (2, 2, 0)))
        ended.set()


# --- errors that are never read


def _tell_handler(log: Log) -> None:
    def handler(_: object, context: dict[str, Any]) -> None:
        log.append((context["message"], told(context["exception"])))

    asyncio.get_running_loop().set_exception_handler(handler)


@program
async def task_exception_never_retrieved(log: Log) -> None:
    """The message comes when the task is forgotten (stock) or when the run is over (controlled), so nothing may follow it."""
    _tell_handler(log)
    read = asyncio.create_task(fail(1, KeyError))
    unread = asyncio.create_task(fail(1))
    await turns(3)
    log.append(await end_of(read))
    log.append(unread.done())
    del read, unread
    gc.collect()


@program
async def future_exception_never_retrieved(log: Log) -> None:
    _tell_handler(log)
    future = asyncio.get_running_loop().create_future()
    future.set_exception(ValueError("nobody reads me"))
    await turns(1)
    del future
    gc.collect()
    log.append("collected")


@program
async def exception_handler_that_fails(log: Log) -> None:
    """An error in the handler must not end the run; the default handler is told of it."""
    loop = asyncio.get_running_loop()

    def handler(_: object, context: dict[str, Any]) -> None:
        log.append(told(context["exception"]))
        raise LookupError("the handler itself")

    def default(context: dict[str, Any]) -> None:
        log.append(("default", told(context["exception"])))

    loop.set_exception_handler(handler)
    loop.default_exception_handler = default  # type: ignore[method-assign]  # or it would write to the log of the test
    loop.call_soon(int, "no number")
    await turns(2)
    log.append("goes on")
    del loop.default_exception_handler


@program
async def generator_that_fails_on_shutdown(log: Log) -> None:
    _tell_handler(log)

    async def generator() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            raise KeyError("on the way out")

    kept = generator()
    log.append(await anext(kept))
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: log.append(told(context["exception"])))
    await loop.shutdown_asyncgens()


# --- features of later versions

if sys.version_info >= (3, 12):

    @program
    async def eager_tasks_start_at_once(log: Log) -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)

        async def child(name: str, suspends: bool) -> str:
            log.append((name, "starts", asyncio.current_task() is not None))
            if suspends:
                await turns(1)
            log.append((name, "ends"))
            return name

        first = asyncio.create_task(child("first", False))
        log.append(first.done())
        second = asyncio.create_task(child("second", True), name="second")
        log.append((second.done(), second.get_name()))
        log.append(await asyncio.gather(first, second, child("third", True)))

    @program
    async def eager_tasks_nested_and_cancelled(log: Log) -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)

        async def outer() -> object:
            inner = asyncio.create_task(nap(log, 50, "inner"))
            log.append("outer has started inner")
            try:
                return await inner
            finally:
                log.append(inner.cancelled())

        task = asyncio.create_task(outer())
        log.append("both started")
        task.cancel("eager")
        log.append(await end_of(task))

    @program
    async def eager_task_fails_at_once(log: Log) -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)

        async def child() -> None:
            raise ValueError("at once")

        async def body() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(nap(log, 50, "sibling"))
                group.create_task(child())
                log.append("still in the body")

        log.append(await end_of(body()))


if sys.version_info >= (3, 13):

    @program
    async def queue_shut_down(log: Log) -> None:
        queue: asyncio.Queue[int] = asyncio.Queue(1)
        getter = asyncio.create_task(queue.get())
        await turns(1)
        queue.put_nowait(1)
        putters = [asyncio.create_task(queue.put(item)) for item in (2, 3)]
        await turns(2)
        queue.shutdown()
        log.append([await end_of(task) for task in (getter, *putters)])
        log.append([await end_of(queue.get()) for _ in range(2)])
