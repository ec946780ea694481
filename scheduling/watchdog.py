"""A step that blocks the loop for real (a sleep, an endless loop, a thread's lock) must end as a finding, not as a hang of the harness.

An interval timer checks from time to time whether runs still finish. It interrupts a run that has lasted longer than the bound, inside
the step that blocks, by an exception that says where. It works in the main thread of a POSIX process; elsewhere there is no guard, and
`guarded` says so by yielding False.
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from subwarden.scheduling.loop import ControlledLoop

BOUND = 2.0  # seconds of wall clock that one run may last; a run takes a fraction of a millisecond


class Blocked(BaseException):
    """Raised inside the step that blocks; not an Exception, so that a subject is unlikely to swallow it."""


class Watchdog:
    """Watches one loop at a time: `watch(loop)` before a run, `watch(None)` after the last."""

    def __init__(self) -> None:
        self._loop: ControlledLoop | None = None
        self._ticks = 0

    def watch(self, loop: ControlledLoop | None) -> None:
        self._loop = loop
        self._ticks = 0

    def _tick(self, _signal: int, frame: FrameType | None) -> None:
        loop = self._loop
        if loop is None:
            return
        self._ticks += 1
        if self._ticks < 2:  # the run may have begun just before the first tick
            return
        self._ticks = 0
        loop.blocked = _place(frame)
        raise Blocked(loop.blocked)

    @contextmanager
    def guarded(self, bound: float = BOUND) -> Iterator[bool]:
        """Guard all runs inside; yields whether this thread can be guarded."""
        if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
            yield False
            return
        before = signal.signal(signal.SIGALRM, self._tick)
        began = time.monotonic()
        left, interval = signal.setitimer(signal.ITIMER_REAL, bound, bound)
        try:
            yield True
        finally:
            self.watch(None)
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            if left:  # another alarm (pytest-timeout has one) continues where it was
                signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), 0.001), interval)


def _place(frame: FrameType | None) -> str:
    if frame is None:
        return "an unknown place"
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"


WATCHDOG = Watchdog()
