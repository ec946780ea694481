"""Executors: threads that are only a place to run. A job runs on the loop's thread, as one outside event.

The thread pool has a free thread at once, so a job that has been handed over is no longer cancelled, as `concurrent.futures` has it. Jobs
of a pool with a single thread run in order. While a job runs, its thread has no running loop, as a worker's has none.
"""

import asyncio
import concurrent.futures
import sys
from asyncio import events as asyncio_events
from asyncio import futures as asyncio_futures
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import Context
from functools import partial
from typing import Any

from subwarden.scheduling.loop import ControlledLoop
from subwarden.world import chance, log_listeners
from subwarden.world.arrival import Arrival
from subwarden.world.heartbeats import Heartbeats

PATIENCE = 200  # batches (in the order `any`, steps) after which the oldest arrival comes by itself: no network is slow for ever


class JobLoop(ControlledLoop):
    """See `scheduling.loop.ControlledLoop`. `arrivals` are the outside events that are on their way."""

    arrivals: list[Arrival]
    hidden = False  # whether some of them are no candidates now
    _default_is_shut_down = False
    waits_on: Callable[[], object] = staticmethod(lambda: False)  # whether the run waits for more than heartbeats; set by who plays it
    shows: Callable[[], Hashable] = staticmethod(lambda: None)  # what shows of the state, beside the places of tasks
    heartbeats: Heartbeats | None = None
    _queues: dict[int, "tuple[Any, deque[Arrival]]"]  # executor -> the jobs that wait for its single thread

    def __init__(self, *, suspend_free_locks: bool = False, early_timers: bool = False) -> None:
        super().__init__(suspend_free_locks=suspend_free_locks, early_timers=early_timers)
        self.arrivals = []
        self.rest: Any = None  # the event that nothing is in flight, once somebody has waited for it (`world.hubs.rest`)
        chance.begin()

    def time(self) -> float:
        if self.heartbeats is not None:
            self.heartbeats.clock_read(sys._getframe(1))
        return self._now

    def resting(self) -> bool:
        """See `scheduling.loop`."""
        if self.heartbeats is None:
            self.heartbeats = Heartbeats(self)
        return self.heartbeats.rest()

    @property
    def steady(self) -> bool:
        """Whether nothing but heartbeats has gone on lately, whoever may wait for more."""
        return self.heartbeats is not None and self.heartbeats.steady

    def offer_job(self, name: str, job: Callable[[], Any], executor: Any = None) -> "asyncio.Future[Any]":
        """Let `job` run as the outside event `name`."""
        self.prompt = True
        future = self.create_future()
        future.add_done_callback(_check_cancel)
        waiting = self._waiting_for(executor)

        def run() -> None:
            self.job = name
            self.call_soon(_set_state, future, *_outcome(job))
            if waiting is not None:
                waiting.popleft()
                if waiting:
                    waiting[0].offer(True)

        event = Arrival(self, lambda: name, run)
        if waiting is not None:
            waiting.append(event)
        event.offer(waiting is None or waiting[0] is event)
        return future

    def _waiting_for(self, executor: Any) -> "deque[Arrival] | None":
        if getattr(executor, "_max_workers", None) != 1:
            return None
        if "_queues" not in self.__dict__:
            self._queues = {}
        return self._queues.setdefault(id(executor), (executor, deque()))[1]

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        """As the stock loop's. Raises UncontrolledSource for an executor that is no thread pool, RuntimeError for one that is shut down."""
        if executor is None and self._default_is_shut_down:
            raise RuntimeError("Executor shutdown has been called")
        by_default = executor is None
        executor = executor or self.__dict__.get("_default_executor")
        if executor is not None and not isinstance(executor, concurrent.futures.ThreadPoolExecutor):
            raise self.refuse(f"run_in_executor with a {type(executor).__name__}")
        if getattr(executor, "_shutdown", False):
            raise RuntimeError("cannot schedule new futures after shutdown")
        job = self.offer_job(f"executor runs {name_of(func, args)}", partial(func, *args), executor)
        if by_default:
            self.__dict__.setdefault("_default_jobs", []).append(job)
        return job

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # asyncio's signature
        """As the stock loop's: it takes no more jobs, and those that it has are waited for."""
        self._default_is_shut_down = True
        left = [job for job in self.__dict__.get("_default_jobs", ()) if not job.done()]
        if left:
            await asyncio.wait(left, timeout=timeout)

    def adopt_thread(self, thread: Any = None) -> bool:
        """A worker thread of anyio's takes its jobs from a queue: here they are offered instead. One that writes a log need not start."""
        if log_listeners.adopt(thread):
            return True
        if type(thread).__name__ != "WorkerThread" or type(thread).__module__ != "anyio._backends._asyncio":
            return False
        thread.queue = _Offered(self, thread)
        return True

    def set_default_executor(self, executor: Any) -> None:
        if not isinstance(executor, concurrent.futures.ThreadPoolExecutor):
            raise TypeError("executor must be ThreadPoolExecutor instance")
        self._default_executor = executor

    def hide_arrivals(self) -> None:
        self.hidden = True
        for each in self.arrivals:
            each.hide()

    def show_arrivals(self) -> None:
        if self.hidden:
            self.hidden = False
            for each in self.arrivals:
                each.show()
        if self.oldest is not self.arrivals[0]:
            self.oldest, self.left = self.arrivals[0], PATIENCE
        if self.left:  # `scheduling.run` inlines this, in the order `any`
            self.left -= 1
        else:  # steps that only wait for it would go on for ever
            self.arrivals[0].deliver()

    def abandon(self) -> None:
        super().abandon()
        self.arrivals.clear()
        self.waits_on, self.shows = JobLoop.waits_on, JobLoop.shows  # these lead to the run's objects, in a circle
        self.heartbeats = self.oldest = None


class _Offered:
    """The queue of one worker thread of anyio's: each job is an outside event, and its result is reported as the thread would."""

    def __init__(self, loop: JobLoop, worker: Any) -> None:
        self._loop, self._worker = loop, worker

    def put_nowait(self, item: Any) -> None:
        if item is None:  # the thread is to stop
            return
        context, func, args, future, scope = item

        def job() -> Any:
            with _in_worker(self._loop, scope):
                return context.run(func, *args)

        def run() -> None:
            self._loop.job = name
            self._loop.call_soon(self._worker._report_result, future, *_outcome(job))

        self._loop.prompt = True
        name = f"worker runs {name_of(func, args)}"
        Arrival(self._loop, lambda: name, run).offer(True)


@contextmanager
def _in_worker(loop: JobLoop, scope: Any) -> Iterator[None]:
    """What anyio knows in its worker threads: `from_thread` finds the loop by it, and is refused by name where it waits for that."""
    backend: Any = sys.modules["anyio._backends._asyncio"]
    with backend.claim_worker_thread(backend.AsyncIOBackend, loop):
        backend.threadlocals.current_cancel_scope = scope
        try:
            yield
        finally:
            del backend.threadlocals.current_cancel_scope


def _outcome(job: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """The result of a job, or the exception that it raises."""
    loop = asyncio_events._get_running_loop()
    asyncio_events._set_running_loop(None)
    try:
        return Context().run(job), None
    except BaseException as error:  # SystemExit and KeyboardInterrupt, too: they end a loop only where the future is awaited
        return None, error
    finally:
        asyncio_events._set_running_loop(loop)


# Stock asyncio chains the future that a caller awaits to one of `concurrent.futures`, which takes locks for threads. There are none here;
# only the two steps are made that the loop sees of it, under their names there.


def _set_state(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(asyncio_futures._convert_future_exc(error))  # type: ignore[attr-defined]


def _check_cancel(future: "asyncio.Future[Any]") -> None:
    """A job that has been handed over is no longer cancelled."""


_set_state.__qualname__ = "_chain_future.<locals>._set_state"
_check_cancel.__qualname__ = "_chain_future.<locals>._call_check_cancel"


def name_of(func: Any, args: tuple[Any, ...] = ()) -> str:
    """The name of the function that a job calls in the end: `to_thread` and others hand over a partial of a context's `run`."""
    while isinstance(func, partial):
        func, args = func.func, (*func.args, *args)
    if getattr(func, "__name__", "") == "run" and isinstance(getattr(func, "__self__", None), Context) and args:
        return name_of(args[0], args[1:])
    return getattr(func, "__qualname__", None) or type(func).__qualname__
