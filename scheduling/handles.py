"""The things that a controlled loop runs: ready callbacks, timers and tasks; the task and the name of each callback.

They do not know when they run: the scheduler decides that, by picking from the loop's lists.
"""

import asyncio
import contextvars
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subwarden.scheduling.loop import ControlledLoop

Context = contextvars.Context
copy_context = contextvars.copy_context
Task = asyncio.Task
STEPS = ("", "task_wakeup")  # CPython's names of a task's first step and of its later ones


class Handle(asyncio.Handle):
    """A ready callback. Cancelling removes it from the queue, so that the scheduler is never offered a step that does nothing."""

    __slots__ = ("site",)
    _callback: Callable[..., object]
    _args: tuple[object, ...]
    _context: Context
    _loop: "ControlledLoop"
    site: Hashable  # kept by `scheduling.loop_candidates`, once it is asked for
    _repr = None  # the base has slots for these two, for its debug mode
    _source_traceback = None

    def __init__(self, callback: Callable[..., object], args: tuple[object, ...], loop: "ControlledLoop", context: Context | None) -> None:
        self._callback = callback
        self._args = args
        self._loop = loop
        self._context = copy_context() if context is None else context
        self._cancelled = False

    def cancel(self) -> None:
        if not self._cancelled:
            self._cancelled = True
            loop = self._loop
            if self in loop.ready:
                if loop.batch_end is self:
                    at = loop.ready.index(self)
                    loop.batch_end = loop.ready[at - 1] if at else None
                loop.ready.remove(self)


NOTHING: Any = Handle(lambda: None, (), None, contextvars.Context())  # type: ignore[arg-type]  # it is never run


class Timer(asyncio.TimerHandle):
    """A callback due at a moment of the virtual clock; timers of equal moments keep the order of their creation."""

    __slots__ = ("due", "order")
    _callback: Callable[..., object]
    _args: tuple[object, ...]
    _context: Context
    _when: float
    due: Handle | None
    order: int

    def cancel(self) -> None:
        super().cancel()
        if self.due is not None:  # it is among the ready already: as on the stock loop, it does not run all the same
            self.due.cancel()

    def __lt__(self, other: object) -> bool:
        assert isinstance(other, Timer)
        return (self._when, self.order) < (other._when, other.order)

    __hash__ = asyncio.TimerHandle.__hash__


class NumberedTask(Task[Any]):
    """CPython's Task, hashed by its number in the loop instead of its address.

    A task group cancels its children in the order of a set, and `asyncio.wait` and `all_tasks` return sets: by address, the same choices
    would make another run each time.
    """

    __slots__ = ("number",)
    number: int

    def __hash__(self) -> int:
        return self.number


NumberedTask.__name__ = NumberedTask.__qualname__ = "Task"  # its name in CPython's own messages


def owner(handle: Handle) -> "asyncio.Task[Any] | None":
    """The task whose step `handle` is, or None for a bare callback (a future's, a timer's)."""
    callback = handle._callback
    task = getattr(callback, "__self__", None)
    if not isinstance(task, Task) or getattr(callback, "__name__", "") not in STEPS:  # `call_soon(task.cancel)` is no task's step
        return None
    return task


def label(handle: Handle) -> str:
    """The name of `handle` in schedules: its task's, or the callback's own."""
    task = owner(handle)
    if task is not None:
        return task.get_name()
    callback = handle._callback
    return getattr(callback, "__qualname__", None) or type(callback).__qualname__
