"""Executors in a run: what asyncio promises of them, compared with stock asyncio, and jobs of asgiref and anyio."""

import asyncio
import contextvars
import logging
import logging.handlers
import queue
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest

import subwarden

Log = list[object]
variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


def fail() -> None:
    raise KeyError("in the job")


def running_loop() -> str:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return "none"
    return "a loop"


async def results_and_errors(log: Log) -> None:
    loop = asyncio.get_running_loop()
    log.append(await asyncio.to_thread(divmod, 7, 2))
    log.append(await loop.run_in_executor(None, running_loop))
    for failing in (asyncio.to_thread(fail), loop.run_in_executor(None, fail)):
        try:
            await failing
        except KeyError as error:
            log.append(str(error))


async def context_is_copied_by_to_thread_alone(log: Log) -> None:
    variable.set("set")
    log.append(await asyncio.to_thread(variable.get))
    log.append(await asyncio.get_running_loop().run_in_executor(None, variable.get))
    await asyncio.to_thread(variable.set, "changed")
    log.append(variable.get())


async def a_cancelled_job_goes_on(log: Log) -> None:
    done = threading.Event()
    task = asyncio.create_task(asyncio.to_thread(done.set))
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        log.append("cancelled")
    while not done.is_set():  # noqa: ASYNC110  # an event of threads
        await asyncio.sleep(0.01)
    log.append("done all the same")


async def a_pool_of_one_thread_keeps_the_order(log: Log) -> None:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, log.append, number) for number in range(4)))
        loop.set_default_executor(pool)
        await asyncio.gather(*(asyncio.to_thread(log.append, number) for number in range(4)))


async def executors_that_are_shut_down_take_no_jobs(log: Log) -> None:
    loop = asyncio.get_running_loop()
    pool = ThreadPoolExecutor(1)
    log.append(await loop.run_in_executor(pool, abs, -1))
    pool.shutdown()
    jobs = [loop.run_in_executor(None, abs, -number) for number in range(3)]
    await loop.shutdown_default_executor()
    log.append([job.done() and job.result() for job in jobs])
    for executor in (pool, None):
        try:
            await loop.run_in_executor(executor, abs, -2)
        except RuntimeError as error:
            log.append(str(error))


PROGRAMS: list[Callable[[Log], Awaitable[None]]] = [
    results_and_errors,
    context_is_copied_by_to_thread_alone,
    a_cancelled_job_goes_on,
    a_pool_of_one_thread_keeps_the_order,
    executors_that_are_shut_down_take_no_jobs,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: each.__name__)
def test_it_is_as_on_stock_asyncio(program: Callable[[Log], Any]) -> None:
    stock: Log = []
    asyncio.run(program(stock))

    async def scenario() -> None:
        log: Log = []
        await program(log)
        assert log == stock

    found = subwarden.explore(scenario, schedules=100, order="fifo")
    assert found.verdict == "holds", str(found)


def test_jobs_of_one_pool_end_in_any_order() -> None:
    seen: set[tuple[object, ...]] = set()

    async def scenario() -> None:
        log: Log = []
        await asyncio.gather(*(asyncio.to_thread(log.append, number) for number in range(2)))
        seen.add(tuple(log))

    assert subwarden.explore(scenario, schedules=100).verdict == "holds"
    assert seen == {(0, 1), (1, 0)}


def test_asgiref_and_anyio_run_their_jobs_on_the_loop() -> None:
    sync_to_async = pytest.importorskip("asgiref.sync").sync_to_async
    anyio = pytest.importorskip("anyio")
    threads: set[int] = set()

    def job(number: int) -> int:
        threads.add(threading.get_ident())
        return number + 1

    async def scenario() -> None:
        assert await sync_to_async(job)(1) == 2
        assert await anyio.to_thread.run_sync(job, 2) == 3
        with pytest.raises(KeyError):
            await anyio.to_thread.run_sync(fail)

    found = subwarden.explore(scenario, schedules=100)
    assert found.verdict == "holds", str(found)
    assert threads == {threading.get_ident()}


def test_a_thread_that_writes_a_log_need_not_start() -> None:
    """As Litestar starts one for each application. Another thread is refused all the same."""

    async def scenario() -> None:
        written: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: written.append(record.getMessage())  # type: ignore[method-assign]  # the short way
        records: queue.Queue[Any] = queue.Queue(-1)
        listener = logging.handlers.QueueListener(records, handler)
        logger = logging.Logger("mine")
        logger.addHandler(logging.handlers.QueueHandler(records))
        logger.warning("before")
        listener.start()
        logger.warning("begun")
        await asyncio.sleep(0)
        logger.warning("done")
        listener.stop()
        assert written == ["before", "begun", "done"]

    assert subwarden.explore(scenario, schedules=5).verdict == "holds"


def test_a_pool_of_processes_is_refused_by_name() -> None:
    async def scenario() -> None:
        with ProcessPoolExecutor(1) as pool:
            await asyncio.get_running_loop().run_in_executor(pool, int)

    with pytest.raises(subwarden.BadScenario, match="run_in_executor with a ProcessPoolExecutor"):
        subwarden.explore(scenario)
