"""The controlled event loop: CPython's own Task and Future, on a loop whose next step is chosen from outside.

It offers the parts of a loop that asyncio's own code needs (`call_soon`, `call_at`, futures, tasks, async generators, an exception
handler) and a virtual clock, and refuses by name every source of order that it cannot control (`scheduling.uncontrolled`). It decides
nothing: `ready` and `events` are plain lists in order of arrival, and `scheduling.run` picks from them. One handle run is one step.

Long because asyncio calls one object for all of this, and tasks, timers and the end of a run share its queue.
"""

import asyncio
import heapq
import math
import sys
import weakref
from asyncio import events as asyncio_events
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from functools import partial
from threading import get_ident
from typing import Any

from subwarden.scheduling.events import Event
from subwarden.scheduling.handles import (
    NOTHING,
    BeforeOthers,
    Context,
    Handle,
    InTurn,
    NumberedTask,
    TaskNames,
    Timer,
    awaited_by,
    copy_context,
    label,
)
from subwarden.scheduling.isolation.kept import Kept
from subwarden.scheduling.uncontrolled import MOST_TASKS, Refusing, TooManyTasks, UncontrolledSource, calling_place

Future = asyncio.Future
OFF, ON = "".isdigit, "1".isdigit  # False and True, said in C: CPython asks every loop for its debug mode whenever it makes a future
EAGER = getattr(asyncio, "eager_task_factory", object())  # since 3.12
UNNAMED = [f"task-{order}" for order in range(100)]  # made once, and so hashed once
ENTERED: "dict[int, ControlledLoop]" = {}  # thread -> the loop that is its running one; asyncio asks the system for that on Python 3.11


def close_coroutine(coroutine: Any) -> None:
    """Close a coroutine that was started and will not be finished, from the innermost outwards.

    Closing the outermost once is not enough: a coroutine that awaits on its way out would stay suspended, and complain when collected.
    """
    for _ in range(1000):
        innermost = awaited = coroutine
        while (awaited := awaited_by(awaited)) is not None:
            if getattr(awaited, "cr_frame", None) is not None:  # an async generator is closed by the coroutine that asks it
                innermost = awaited
        try:
            innermost.close()
        except ValueError:  # it is the one that runs
            return
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # it failed on the way out, also with a group of such errors, and no reader is left; or it awaits again
            pass
        if getattr(coroutine, "cr_frame", None) is None:
            return
    _keep_for_ever(coroutine)


def _keep_for_ever(coroutine: object) -> None:
    """It goes on whatever is raised in it. Collected as the process ends, it would be closed once more, find its loop gone, and go on
    with that for ever: `while True: try: await queue.get() except BaseException: ...`. A count of references that never falls to zero
    keeps it from that.
    """
    import ctypes  # noqa: PLC0415  # few runs need it, and it takes milliseconds

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(coroutine))


if sys.version_info >= (3, 14):

    def unregister(tasks: list[asyncio.Task[Any]]) -> None:
        """Take the tasks from those that `asyncio.all_tasks` reads."""
        for task in tasks:
            asyncio.tasks._unregister_task(task)

else:
    _REGISTERED: Any = asyncio.tasks._scheduled_tasks if sys.version_info >= (3, 12) else asyncio.tasks._all_tasks  # type: ignore[attr-defined]

    def unregister(tasks: list[asyncio.Task[Any]]) -> None:
        """Take the tasks from those that `asyncio.all_tasks` reads: all at once, where asyncio has a function of its own for each."""
        _REGISTERED.data.difference_update(map(weakref.ref, tasks))


class _Entered:
    """See `ControlledLoop.entered`. A class, since a generator would cost more than the rest of a run's start."""

    __slots__ = ("_before", "_hooks", "_loop", "_outer")

    def __init__(self, loop: "ControlledLoop") -> None:
        self._loop = loop

    def __enter__(self) -> None:
        loop = self._loop
        self._before = asyncio_events._get_running_loop()
        self._hooks = sys.get_asyncgen_hooks()
        loop._thread = thread = get_ident()
        self._outer = ENTERED.get(thread)
        ENTERED[thread] = loop
        asyncio_events._set_running_loop(loop)
        sys.set_asyncgen_hooks(loop._first_iteration, loop._finalize)

    def __exit__(self, *_: object) -> None:
        sys.set_asyncgen_hooks(*self._hooks)
        asyncio_events._set_running_loop(self._before)
        if self._outer is None:
            del ENTERED[self._loop._thread]
        else:
            ENTERED[self._loop._thread] = self._outer


class ControlledLoop(Refusing):  # type: ignore[misc]  # its methods are made from a list of names
    """An event loop that is stepped from outside.

    `suspend_free_locks`: acquiring a free asyncio lock suspends too (the order `any`; see `scheduling.order`). `early_timers`: a timer may
    fire while steps are ready, as if one of them had taken long; see there too.

    `events` and `faults` are outside events: every event must be delivered before a run ends, a fault need not be. `holding` and
    `nested` are kept by `scheduling.locks`. `current` is the handle that runs or ran last. `lock_listener`, if there is one, hears that a
    task `waits for`, `takes` or `releases` a lock. `observer` is the judge of the run, where its memory is a part of the run's state;
    `births_matter` is kept by `scheduling.state_search.suspended`.
    """

    __slots__ = (  # read at every step of every run
        *("batch_end", "current", "early_timers", "events", "faults", "suspended_free", "holding", "lock_listener", "nested", "observer"),
        *("at_end", "ready", "suspend_free_locks", "tasks", "timers", "uncontrolled", "unhandled"),
        *(
            "arrivals",
            "attentive",
            "fired",
            "last_callback",
            "late",
            "left",
            "names",
            "oldest",
            "promised",
            "prompt",
            "slow",
            "timers_in_turn",
            "tired",
        ),
        *("choices", "_closed", "_now", "_task_factory", "_task_order", "_thread", "_timer_order"),
    )
    # attributes that a run rarely changes are on the class: a loop is made for every run
    blocked: str | None = None
    printed: deque[str] | None = None  # the texts that the subject has printed (`scheduling.isolation.printed`)
    refusal: Callable[[], UncontrolledSource] | None = None  # makes the error of the first
    births_matter = False
    in_turns = False  # whether callbacks that code gives to `call_soon`, and those of one future, keep their order in `any`, too
    turns: "list[Handle]" = []  # those that have not run; the first is ready. Never changed in place  # noqa: RUF012
    job = ""  # the function of the job of an executor that runs or ran last
    may_block = False  # whether nobody judges how long a step sleeps (`world.clock`)
    slow_step = math.inf  # seconds of virtual time that a step may take where nothing is `prompt`
    may_interrupt = False  # whether `world.decisions` may cancel calls or make them fail
    failed = False  # whether they have made one fail in this run: what it waited for was cancelled in the place of that
    pace: "asyncio.Task[Any] | None" = None  # the task that nothing overtakes, and that overtakes nothing (`scheduling.order`)
    kept: Kept | None = None  # what outlives the run, and was put back before it
    cancelled_calls: tuple[tuple["asyncio.Task[Any]", BaseException], ...] = ()  # the tasks whose calls they cancelled, and what left those
    dropped: "tuple[Any, ...]" = ()  # tasks of groups that have ended cancelled though nobody had cancelled them (`world.groups`)
    decide: Callable[[int], int] | None = None  # who picks such a value (`world.decisions`); None: nobody, it is the first
    decided = False  # whether a value has been picked in this run
    deciding: Sequence[object] | None = None  # the values, while one is picked
    resting: Callable[[], bool] | None = None  # asked where nothing is ready: whether all timers are heartbeats (`world.heartbeats`)
    task_class = NumberedTask
    _generator_order = 0
    _queue_order = 0
    _debug = False
    get_debug: Callable[[], bool] = staticmethod(OFF)
    _exception_handler: Callable[[Any, dict[str, Any]], object] | None = None
    _generators: weakref.WeakValueDictionary[int, AsyncGenerator[Any, Any]] | None = None

    def __init__(self, *, suspend_free_locks: bool = False, early_timers: bool = False) -> None:
        self.suspend_free_locks = suspend_free_locks
        self.early_timers = early_timers
        self.ready: list[Handle] = []
        self.events: list[Event] = []
        self.faults: list[Event] = []
        self.late = 0  # how many of the events, the last ones, are calls that have not arrived (`offer`)
        self.timers: list[Timer] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.current: Handle = NOTHING
        self.choices: list[int]  # those of the present run so far (`scheduling.run`); a value that a step asks for in its middle joins them
        self.arrivals: Any = None  # outside events that stock asyncio notices only between two batches (`world.arrival`)
        self.last_callback = 0  # the number of the last callback without a task that has been given one (`scheduling.loop_candidates`)
        self.names: TaskNames | None = None  # where tasks have other names in schedules than their own
        self.oldest: object = None  # the first of them at the last look (`show_arrivals`), and how many more looks it may wait
        self.left = 0
        self.prompt = False  # whether these arrive soon: no timer that is far off comes before them
        self.slow = 1.0  # seconds of virtual time that a step or an arrival may take, where these are prompt
        self.promised: list[float] | None = None  # moments before which parked calls end: no timer of that moment or later fires until then
        self.fired: Handle | None = None  # the last callback of a timer that has become ready
        self.timers_in_turn = False  # whether a timer may fire only after the one before it has run (`scheduling.order`)
        self.tired = False  # whether all timers are heartbeats (`resting`), and an event must happen before the next of them
        self.attentive = True  # whether the judge looks after every step, or only once the program has ended (`scheduling.run`)
        self.batch_end: Handle | None = None  # the last of the ready that stock asyncio would run before it looks at its timers again
        self.observer: object = None
        self.lock_listener: Callable[[str, asyncio.Lock], object] | None = None
        self.unhandled: list[dict[str, Any]] = []
        self.uncontrolled: list[str] = []
        self.at_end: list[Callable[[], object]] = []  # called when the run is abandoned
        self.holding: list[tuple[asyncio.Task[Any] | None, asyncio.Lock]] = []
        self.nested: list[tuple[asyncio.Lock, asyncio.Lock]] = []
        self.suspended_free = False
        self._closed = False
        self._now = 0.0
        self._timer_order = 0
        self._task_factory: Callable[..., Any] | None = None
        self._task_order = 0
        self._thread = get_ident()

    # --- for the scheduler

    def entered(self) -> "_Entered":
        """A context in which this is the running loop of the thread, as in `run_forever`."""
        return _Entered(self)

    def run_step(self, index: int = 0) -> Handle:
        """Run the ready handle at `index`: one step. Exceptions of a bare callback go to the exception handler."""
        if self.batch_end is None:
            self.begin_batch()
        handle = self.current = self.ready.pop(index)
        try:
            handle._context.run(handle._callback, *handle._args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            name = label(handle)
            self.call_exception_handler({"message": f"exception in callback {name}", "exception": error})
        if self.batch_end is handle:
            self.end_batch()
        return handle

    def begin_batch(self) -> None:
        """The steps that are ready now run before the next look at timers and `arrivals`. `scheduling.run` inlines this."""
        self.batch_end = self.ready[-1]
        if self.arrivals:
            self.hide_arrivals()

    def end_batch(self) -> None:
        """The batch has run. `scheduling.run` inlines this."""
        self.batch_end = None
        if self.arrivals:
            self.show_arrivals()

    def offer(self, event: Event) -> None:
        """Let the outside event `event` be a candidate, before the calls that have not arrived: left alone, the outside answers a call
        before the next one arrives.
        """
        self.events.insert(len(self.events) - self.late, event)

    def adopt_thread(self, thread: Any = None) -> bool:
        """Whether this loop runs the jobs of `thread` itself, so that it need not start."""
        return False

    def connections(self) -> list[str]:
        """The names of the connections that are open: of the sockets behind asyncio's transports, in the order in which they were made."""
        return []

    def refused(self) -> list[str]:
        """The addresses at which nobody listened when somebody connected."""
        return []

    def hide_arrivals(self) -> None:
        """No arrival is a candidate in the middle of a batch."""

    def show_arrivals(self) -> None:
        """A batch has run, or in the order `any` a step: every arrival is a candidate again."""

    def advance(self) -> bool:
        """Move the clock to the next timer, and make ready all timers due at that moment. False if there is none."""
        timers = self.timers
        while timers and timers[0]._cancelled:
            heapq.heappop(timers)
        if not timers:
            return False
        self._now = max(math.nextafter(self._now, math.inf), timers[0]._when)  # time goes on, also after a rounded deadline
        while timers and timers[0]._when <= self._now:
            timer = heapq.heappop(timers)
            if not timer._cancelled:
                self.fired = timer.due = Handle.made(timer._callback, timer._args, self, timer._context)
                self.ready.append(timer.due)
        return True

    def has_timers(self) -> bool:
        """Whether a timer that has not been cancelled is left."""
        while self.timers and self.timers[0]._cancelled:
            heapq.heappop(self.timers)
        return bool(self.timers)

    def abandon(self) -> None:
        """End a run: close every unfinished task, quietly, and drop all references that would keep the run's objects alive in a cycle."""
        self._closed = True
        for task in self.tasks:
            if not task.done():
                self._close_tasks()
                break
        unregister(self.tasks)  # hashed by number, they collide with those of other runs, and garbage may keep them for long
        for handle in self.ready:
            if handle._callback == self.create_task:  # an abandoned generator that was to be closed
                close_coroutine(handle._args[0])
        for end in self.at_end:
            end()
        self.at_end.clear()
        self.ready.clear()
        self.events.clear()
        self.faults.clear()
        self.timers.clear()
        self.tasks.clear()
        self.holding.clear()
        self.current = NOTHING
        self.observer = self.lock_listener = None
        self.batch_end = None
        if self.fired is not None:
            self.fired = None
        if self.cancelled_calls:
            self.cancelled_calls = ()
        if self.turns:
            self.turns = []
        if self.dropped:
            self.dropped = ()

    def _close_tasks(self) -> None:
        with self.entered():  # a `finally` may ask for the running loop
            for task in self.tasks:  # grows, if one starts a task on its way out
                if not task.done():
                    task._log_destroy_pending = False  # type: ignore[attr-defined]  # CPython's own switch, in C and Python
                    coroutine = task.get_coro()
                    if coroutine is not None:
                        close_coroutine(coroutine)

    def report_unretrieved(self) -> None:
        """Report failed tasks whose exception was never read to the exception handler: for the end of a run.

        The stock loop reports one when it is collected; here tasks are kept to the end, so that no step depends on garbage collection.
        """
        for task in self.tasks:
            if task._log_traceback:  # CPython's own mark of an exception unread
                task._log_traceback = False
                message = f"{type(task).__name__} exception was never retrieved"
                self.call_exception_handler({"message": message, "exception": task._exception, "future": task})

    def number_of_next(self) -> int:
        """The number by which the next queue is hashed (`scheduling.queues`)."""
        self._queue_order += 1
        return self._queue_order

    def refuse(self, name: str, *, ends: bool = False) -> UncontrolledSource:
        """Remember that the subject asked for `name`, which is refused; returns the error to raise. `ends`: it would end the process."""
        place = calling_place() or self.job
        self.uncontrolled.append(name)
        self.refusal = self.refusal or partial(UncontrolledSource, name, place, ends=ends)
        return UncontrolledSource(name, place, ends=ends)

    # --- for asyncio

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Handle:
        handle: Handle = Handle()
        handle._callback = callback
        handle._args = args
        handle._loop = self
        handle._cancelled = False
        handle.chain = handle.named = handle.place = None
        if context is None:  # by code: tasks and futures give theirs
            handle._context = copy_context()
            if self.in_turns and self.suspend_free_locks:
                return self._takes_turns(handle)
        else:
            handle._context = context
            if args and self.in_turns and self.ready and self.suspend_free_locks:
                last = self.ready[-1]
                may = type(last._callback) is BeforeOthers or (last._args and last._args[0] is args[0])  # few may, so it is asked here
                if may and BeforeOthers.follows(self.ready, handle):
                    return handle  # of a future, whose callbacks are given it
        self.ready.append(handle)
        return handle

    def _takes_turns(self, handle: Handle) -> Handle:
        """In the order `any`: of the callbacks that code gave to `call_soon` only the oldest is ready."""
        handle._callback, handle._args = InTurn(handle), ()
        self.turns = [*self.turns, handle]
        if len(self.turns) == 1:
            self.ready.append(handle)
        return handle

    def next_turn(self) -> None:
        """The oldest of those callbacks runs, or is cancelled: the next is ready, at the place that it would have."""
        self.turns = [each for each in self.turns[1:] if not each._cancelled]
        if self.turns:
            following: Any = self.turns[0]
            self.put_after(following, following._callback.before)

    def put_after(self, handle: Handle, before: tuple[Handle, ...]) -> None:
        """Let `handle` be ready at the place that it would have: behind those that are left of these."""
        known = {id(each) for each in before}
        at = len(self.ready)
        while at and id(self.ready[at - 1]) not in known:
            at -= 1
        self.ready.insert(at, handle)

    def held(self) -> list[Handle]:
        """The handles that wait for another callback to run first."""
        found = self.turns[1:]
        for handle in self.ready:
            first: Any = handle._callback
            if type(first) is BeforeOthers:
                found += first.then
        return found

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Handle:
        if get_ident() != self._thread:
            raise self.refuse("call_soon_threadsafe from another thread")
        return self.call_soon(callback, *args, context=context)

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Timer:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Timer:
        timer = Timer(when, callback, args, self, context)
        self._timer_order += 1
        timer.order = self._timer_order
        timer.due = None
        if when < math.inf:  # `sleep(math.inf)` sleeps for ever, whatever else does not move
            heapq.heappush(self.timers, timer)
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Called by TimerHandle.cancel; cancelled timers are dropped when they surface."""

    def time(self) -> float:
        return self._now

    def create_future(self) -> asyncio.Future[Any]:
        return Future(loop=self)

    def create_task(
        self, coro: Coroutine[Any, Any, Any] | Generator[Any, None, Any], *, name: object = None, direct: bool = False, **kwargs: Any
    ) -> "asyncio.Task[Any]":
        """As the stock loop's. Unnamed tasks are numbered per loop, so that their names are the same in every run. `direct`: it is made by
        a call of the class, which no factory hears of (`world.direct_tasks`).
        """
        self._task_order += 1
        if self._task_order > MOST_TASKS:
            coro.close()
            place = calling_place()
            self.uncontrolled.append("create_task")
            self.refusal = self.refusal or partial(TooManyTasks, place)
            raise TooManyTasks(place)
        if name is None:
            order = self._task_order
            name = UNNAMED[order] if order < len(UNNAMED) else f"task-{order}"
        if self._task_factory is None or direct or self._task_factory is EAGER:
            if self._task_factory is EAGER and not direct:
                kwargs["eager_start"] = True  # ours is made as that would: it runs its first step at once, and must have its name by then
            kind = self.task_class
            task = kind.__new__(kind)
            task.number = self._task_order  # before it is initialised, which registers it in a set
            if kwargs:
                task.coroutine = coro
                task.__init__(coro, loop=self, name=name, **kwargs)  # type: ignore[misc]
            else:  # every run makes three tasks or more, and to pass on nothing costs
                task.__init__(coro, loop=self, name=name)  # type: ignore[misc]
        else:
            task = self._task_factory(self, coro, **kwargs)
            task.set_name(name)
            if isinstance(task, NumberedTask):  # by a call of the class
                return task
        self.tasks.append(task)
        return task

    def set_task_factory(self, factory: Callable[..., Any] | None) -> None:
        self._task_factory = factory

    def get_task_factory(self) -> Callable[..., Any] | None:
        return self._task_factory

    def is_running(self) -> bool:
        return asyncio_events._get_running_loop() is self

    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        self._closed = True

    def stop(self) -> None:
        """There is nothing to stop: this loop runs one step at a time."""

    def set_debug(self, enabled: bool) -> None:
        self._debug = enabled  # read by asyncio's own code (`world.network.borrowed`)
        self.get_debug = ON if enabled else OFF

    def set_exception_handler(self, handler: Callable[[Any, dict[str, Any]], object] | None) -> None:
        self._exception_handler = handler

    def get_exception_handler(self) -> Callable[[Any, dict[str, Any]], object] | None:
        return self._exception_handler

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        self.unhandled.append(context)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if self._closed:  # an abandoned run: messages of its remains are not findings
            return
        if self._exception_handler is None:
            self.default_exception_handler(context)
            return
        try:
            self._exception_handler(self, context)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            told = {"message": "Unhandled error in exception handler", "exception": error, "context": context}
            self.default_exception_handler(told)

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # asyncio's signature
        """There is no executor to shut down."""

    async def shutdown_asyncgens(self) -> None:
        generators = [g for _, g in sorted(self._generators.items())] if self._generators else []
        self._generators = None
        ends = await asyncio.gather(*(g.aclose() for g in generators), return_exceptions=True)
        for generator, end in zip(generators, ends, strict=True):
            if isinstance(end, Exception):
                message = f"an error occurred during closing of asynchronous generator {generator!r}"
                self.call_exception_handler({"message": message, "exception": end, "asyncgen": generator})

    def _first_iteration(self, generator: AsyncGenerator[Any, Any]) -> None:
        if self._generators is None:
            self._generators = weakref.WeakValueDictionary()
        self._generator_order += 1
        self._generators[self._generator_order] = generator

    def _finalize(self, generator: AsyncGenerator[Any, Any]) -> None:
        if self._generators is not None:
            for key, known in list(self._generators.items()):
                if known is generator:
                    del self._generators[key]
        if not self._closed:
            self.call_soon(self.create_task, generator.aclose(), context=copy_context())
