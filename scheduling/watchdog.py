"""A step that blocks the loop for real (a sleep, an endless loop, a thread's lock) must end as a finding, not as a hang of the harness.

An interval timer checks from time to time whether runs still finish. It interrupts a run that has lasted longer than the bound, inside
the step that blocks, by an exception that says where; and so it does where the process takes more memory than it may. Time in which others
had the processor does not count, so that nobody's step blocks because the machine is busy. It works in the main thread of a POSIX
process; elsewhere there is no guard, and `guarded` says so by yielding False.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic  # the real one: `world.clock` replaces that of the module in a run
from types import FrameType
from typing import NamedTuple

from subwarden.scheduling.isolation.memory import MEMORY, used
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.uncontrolled import HoardsMemory, LongJob, TooMuchMemory, caller_outside, calling_place

LOOKS = 20  # in the time that a run may last
HOARD = 1 << 28  # bytes that a step which blocks takes in its time, from which memory is what it is about
BLOCKS = 0.1  # seconds that a step waits for, from which asyncio's debug mode calls a callback slow
LISTENING = (
    "<string>",
    *(f"{Path(__file__).parents[1] / room}{os.sep}" for room in ("checking", "stateful_tests/subjects")),
)  # traces, named tuples
BOUND = 2.0  # seconds of wall clock that one run may last; a run takes a fraction of a millisecond
SCHEDULED = Path("/proc/self/schedstat")  # of the main thread: nanoseconds on a processor, nanoseconds ready for one, turns


class Blocked(BaseException):
    """Raised inside the step that blocks; not an Exception, so that a subject is unlikely to swallow it."""


def own_time() -> float:
    """Seconds of wall clock, without those in which the main thread was ready and others had the processor, where the system says that."""
    try:
        return monotonic() - int(SCHEDULED.read_bytes().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return monotonic()


class Alarm(NamedTuple):
    """Somebody else's alarm, such as pytest-timeout's, which the watchdog's timer has replaced: it rings when it is due all the same."""

    due: float  # by the monotonic clock
    ring: Callable[[int, FrameType | None], object]


class Watchdog:
    """Watches one loop at a time: `watch(loop)` before a run, `watch(None)` after the last."""

    def __init__(self) -> None:
        self._loop: ControlledLoop | None = None
        self._ticks = 0
        self._most_memory: int | None = None
        self._bound, self._began = BOUND, 0.0  # and the memory:
        self._memory = 0  # when the run had lasted for a tick: to look at the beginning of each would cost more than a short run takes
        self._alarm: Alarm | None = None
        self._overdue = self._rang = False

    def watch(self, loop: ControlledLoop | None) -> None:
        self._loop = loop
        self._ticks = 0
        if self._overdue and self._alarm is not None:
            self._ring(self._alarm, sys._getframe())

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Around work of the harness within a run."""
        loop, self._loop = self._loop, None
        try:
            yield
        finally:
            self.watch(loop)

    def _tick(self, _number: int, frame: FrameType | None) -> None:
        alarm, loop = self._alarm, self._loop
        if alarm is not None and monotonic() >= alarm.due:
            self._overdue = True
            if loop is None:  # else at the end of the run, whose task would keep the error for itself
                self._ring(alarm, frame)
        if loop is None:
            return
        memory = 0 if self._most_memory is None else used()
        if self._most_memory is not None and memory > self._most_memory:
            loop.refusal = loop.refusal or partial(TooMuchMemory, _place(frame), self._most_memory)
            raise block(loop, frame)
        self._ticks += 1
        if self._ticks == 1:
            self._memory, self._began = memory, own_time()
        # by both: a process that was stopped for a while has no ticks, and one on a busy machine has ticks in the time of others
        if self._ticks <= LOOKS or own_time() - self._began < self._bound * (LOOKS - 1) / LOOKS:
            return
        self._ticks = 0
        blocked = block(loop, frame)
        if (taken := memory - self._memory) >= HOARD:
            loop.refusal = loop.refusal or partial(HoardsMemory, _place(frame), taken)
        elif not loop.is_running() and loop.tasks:  # a job of an executor, which may take long, and blocks nobody elsewhere
            loop.refusal = loop.refusal or partial(LongJob, calling_place() or loop.job)
        raise blocked

    def _ring(self, alarm: Alarm, frame: FrameType | None) -> None:
        self._overdue, self._rang = False, True  # the next tick makes it overdue again, where somebody has swallowed the error
        alarm.ring(signal.SIGALRM, frame)

    @contextmanager
    def guarded(self, bound: float = BOUND) -> Iterator[bool]:
        """Guard all runs inside; yields whether this thread can be guarded."""
        if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
            yield False
            return
        before = signal.signal(signal.SIGALRM, self._tick)
        began, self._most_memory, self._bound = monotonic(), MEMORY.limit(), bound
        left, interval = signal.setitimer(signal.ITIMER_REAL, bound / LOOKS, bound / LOOKS)
        alarm = Alarm(began + left, before) if left and callable(before) and before != self._tick else None
        if alarm is not None:
            self._alarm, self._overdue, self._rang = alarm, False, False
        try:
            yield True
        finally:
            self._loop = None
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            if alarm is not None:
                self._alarm = None
            if left and not (alarm and self._rang):  # the timer continues where it was
                signal.setitimer(signal.ITIMER_REAL, max(left - (monotonic() - began), 0.001), interval)


def block(loop: ControlledLoop, frame: FrameType | None) -> Blocked:
    """The step that stands at `frame` blocks `loop`, or would: remember where the first did; returns the error to raise."""
    loop.blocked = loop.blocked or _place(frame)
    return Blocked(loop.blocked)


def runs_a_loop(error: Blocked) -> bool:
    """Whether `error` has left an event loop of asyncio's own, as `asyncio.run` makes one."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code is not asyncio.BaseEventLoop.run_forever.__code__:
        trace = trace.tb_next
    return trace is not None


def _place(frame: FrameType | None) -> str:
    if frame is None:
        return "an unknown place"
    found = caller_outside(frame)  # not in the standard library or in what stands in its place, but the line that leads there
    while found is not None and found.f_code.co_filename.startswith(LISTENING):
        found = None if found.f_back is None else caller_outside(found.f_back)
    frame = found or frame
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"


WATCHDOG = Watchdog()


def abandon(loop: ControlledLoop) -> None:
    """End the run of `loop`. To close many tasks takes long; a task that blocks in a `finally` is cut off."""
    try:
        loop.abandon()
    except Blocked:
        WATCHDOG.watch(None)
        loop.abandon()
