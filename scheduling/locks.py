"""asyncio's own Lock under control: a free lock's acquire suspends if the order says so, and the loop knows the holders.

On a multi-threaded runtime, another task can overtake right before a task takes a free lock; asyncio never suspends there. In the order
`any` the acquire therefore yields once before it takes the lock. Nothing else about the lock changes: CPython's own code decides who
gets it. The patch is on the class, so that it reaches unchanged third-party code; on any other loop it does nothing.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from subwarden.scheduling.handles import awaited_by, frame_of
from subwarden.scheduling.loop import ENTERED, ControlledLoop
from subwarden.scheduling.queues import number_queues

if sys.version_info < (3, 12):
    current_task: Any = asyncio.tasks._current_tasks.get  # type: ignore[attr-defined]  # `current_task` does the same, in Python there
else:
    current_task = asyncio.current_task

_stock_acquire = asyncio.Lock.acquire
_stock_enter: Any = asyncio.Lock.__aenter__
_stock_exit: Any = asyncio.Lock.__aexit__
_stock_release = asyncio.Lock.release
_open = 0


class _Bare(tuple[None, ...]):
    """Awaiting it suspends for each None: its iterator yields what asyncio takes for a bare yield, without a frame of its own."""

    __slots__ = ()
    __await__: Any = tuple.__iter__


ONCE, NOT = _Bare((None,)), _Bare()


def _enter(self: Any) -> Any:
    """`async with` awaits the acquire itself: CPython's own coroutine around it would do no more than wait for it."""
    return _acquire(self, None) if type(self).acquire is _acquire else _stock_enter(self)


def _exit(self: Any, *error: object) -> Any:
    """The same at its end: CPython's coroutine would release it, and not suspend."""
    if type(self).release is not _release:
        return _stock_exit(self, *error)
    _release(self)
    return NOT


async def _acquire(self: Any, answer: Any = True) -> Any:
    loop = ENTERED.get(get_ident())
    if loop is None:
        await _stock_acquire(self)
        return answer
    holding = loop.holding
    if holding:
        task = current_task(loop)
        _note_nested(loop, task, self)
    if loop.suspend_free_locks and loop.pace is None and not self._locked:
        loop.suspended_free = True
        await ONCE
    if self._locked or self._waiters:
        contended = True  # read by `awaited`, from the frame  # noqa: F841
        if loop.lock_listener is not None:
            loop.lock_listener("waits for", self)
        await _stock_acquire(self)
    else:
        self._locked = True  # as CPython's acquire does; calling it would cost as much as the rest of a step
    holding.append((current_task(loop), self))
    if loop.lock_listener is not None:
        loop.lock_listener("takes", self)
    return answer


def _note_nested(loop: ControlledLoop, task: Any, lock: Any) -> None:
    """`task` asks for `lock`, and may hold others. Not in `_acquire`: its variables are a part of the state of a suspended task."""
    for holder, outer in loop.holding:
        if holder is task and outer is not lock:
            loop.nested.append((outer, lock))


def _release(self: Any) -> None:
    if self._locked and not self._waiters:
        self._locked = False  # as CPython's release does
    else:
        _stock_release(self)  # first: it raises if the lock is free
    loop = ENTERED.get(get_ident())
    if loop is not None:
        holding = loop.holding
        if holding and holding[-1][1] is self:
            del holding[-1]
        else:
            for at in range(len(holding) - 2, -1, -1):  # not always the last, nor by the task that took it
                if holding[at][1] is self:
                    del holding[at]
                    break
        if loop.lock_listener is not None:
            loop.lock_listener("releases", self)


def awaited(task: "asyncio.Task[Any]") -> tuple[asyncio.Lock, bool] | None:
    """The lock that `task` is suspended at, and whether it waits for it (or is only about to take it, free). None: at no lock.

    Read from the suspended frames, so that other runs pay nothing.
    """
    coroutine: Any = task.get_coro()
    while coroutine is not None:
        frame = frame_of(coroutine)
        if frame is not None and frame.f_code is _acquire.__code__:
            return frame.f_locals["self"], "contended" in frame.f_locals
        coroutine = awaited_by(coroutine)
    return None


def waiting(loop: ControlledLoop) -> "dict[asyncio.Task[Any], asyncio.Lock]":
    """The lock that each task of `loop` waits for."""
    found = {task: awaited(task) for task in loop.tasks if not task.done()}
    return {task: at[0] for task, at in found.items() if at is not None and at[1]}


def held(loop: ControlledLoop) -> "dict[asyncio.Task[Any] | None, list[asyncio.Lock]]":
    """The locks that each task of `loop` holds, in the order of taking."""
    found: dict[asyncio.Task[Any] | None, list[asyncio.Lock]] = {}
    for task, lock in loop.holding:
        found.setdefault(task, []).append(lock)
    return found


@contextmanager
def controlled_locks() -> Iterator[None]:
    """While open, asyncio locks on a controlled loop suspend and report as described above. May be nested."""
    global _open  # noqa: PLW0603  # the patch is global by nature: one count of its users
    _open += 1
    asyncio.Lock.acquire = _acquire  # type: ignore[method-assign]
    asyncio.Lock.__aenter__ = _enter  # type: ignore[method-assign]
    asyncio.Lock.__aexit__ = _exit  # type: ignore[method-assign, assignment]
    asyncio.Lock.release = _release  # type: ignore[method-assign]
    number_queues()  # it does nothing on any other loop either
    try:
        yield
    finally:
        _open -= 1
        if not _open:
            asyncio.Lock.acquire = _stock_acquire  # type: ignore[method-assign]
            asyncio.Lock.release = _stock_release  # type: ignore[method-assign]
            del asyncio.Lock.__aenter__, asyncio.Lock.__aexit__  # they are inherited
