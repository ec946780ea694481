"""asyncio's own Lock under control: a free lock's acquire suspends where the order says so, and who holds what is known.

On a multi-threaded runtime a task can be overtaken right before it takes a free lock; asyncio never suspends there. In the order
`any` the acquire therefore yields once before it takes the lock. Nothing else about the lock changes: CPython's own code decides who
gets it. The patch is on the class, so that unchanged third-party code is reached; on any other loop it does nothing.
"""

import asyncio
from asyncio import events as asyncio_events
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import coroutine
from typing import Any, Literal

from scheduling.loop import ControlledLoop

_stock_acquire = asyncio.Lock.acquire
_stock_release = asyncio.Lock.release
_open = 0


@coroutine
def yield_once() -> Generator[None, None, None]:
    """Give the scheduler one choice."""
    yield


async def _acquire(self: Any) -> Literal[True]:
    loop: Any = asyncio_events._get_running_loop()
    if type(loop) is not ControlledLoop:
        return await _stock_acquire(self)
    task = asyncio.current_task()
    held = loop.held.get(task)
    if held:
        loop.nested.extend((outer, self) for outer in held)
    if loop.suspend_free_locks and not self._locked:
        loop.free_suspensions += 1
        loop.about_to_take[task] = self
        try:
            await yield_once()
        finally:
            del loop.about_to_take[task]
    if self._locked or (self._waiters and not all(w.cancelled() for w in self._waiters)):  # free, but its woken head comes first
        if loop.log is not None:
            loop.log.append(("waits for", self))
        loop.waiting[task] = self
        try:
            await _stock_acquire(self)
        finally:
            del loop.waiting[task]
    else:
        await _stock_acquire(self)
    if held is None:
        loop.held[task] = [self]
    else:
        held.append(self)
    if loop.log is not None:
        loop.log.append(("takes", self))
    return True


def _release(self: asyncio.Lock) -> None:
    _stock_release(self)  # first: it raises if the lock is free
    loop: Any = asyncio_events._get_running_loop()
    if type(loop) is ControlledLoop:
        mine = loop.held.get(asyncio.current_task())
        if mine and mine[-1] is self:
            mine.pop()
        else:
            for held in loop.held.values():  # released out of order, or by another task than the one that took it
                if self in held:
                    held.remove(self)
                    break
        if loop.log is not None:
            loop.log.append(("releases", self))


@contextmanager
def controlled_locks() -> Iterator[None]:
    """While open, asyncio locks on a controlled loop suspend and report as said above. May be nested."""
    global _open  # noqa: PLW0603  # the patch is global by nature: one count of who wants it
    _open += 1
    asyncio.Lock.acquire = _acquire  # type: ignore[method-assign]
    asyncio.Lock.release = _release  # type: ignore[method-assign]
    try:
        yield
    finally:
        _open -= 1
        if not _open:
            asyncio.Lock.acquire = _stock_acquire  # type: ignore[method-assign]
            asyncio.Lock.release = _stock_release  # type: ignore[method-assign]
