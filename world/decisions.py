"""Decisions that a scenario leaves to the scheduler: a value, a cancellation, a failing call. They are recorded and shrunk like any other.

Outside a run these calls decide nothing: `choose` gives the first value, `may_cancel` and `may_fail` await.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from threading import get_ident
from typing import Any, TypeVar

from subwarden.scheduling.events import Event
from subwarden.scheduling.locks import current_task
from subwarden.scheduling.loop import ENTERED, ControlledLoop

T = TypeVar("T")
Failing = BaseException | Callable[[], BaseException]


def choose(values: Iterable[T]) -> T:
    """One of `values`, picked by the scheduler: all are tried, and a finding keeps the first that fails. Raises ValueError for none."""
    options = tuple(values)
    if not options:
        raise ValueError("choose() needs at least one value")
    loop = ENTERED.get(get_ident())
    if loop is None or loop.decide is None or len(options) == 1:
        return options[0]
    loop.decided = True
    loop.deciding = options
    try:
        pick = loop.decide(len(options))
    finally:
        loop.deciding = None
    loop.choices.append(pick)
    return options[pick]


def may_cancel(awaitable: Awaitable[T]) -> Coroutine[Any, Any, T]:
    """A coroutine that awaits `awaitable`, which the scheduler may cancel at any of its awaits, once. CancelledError leaves it then.

    The task that awaits it is not marked as cancelled once it has caught the error: it may go on, as after a call that timed out.
    """
    made: Coroutine[Any, Any, T] = _named(_interruptible(Unstarted(awaitable), "cancel", None), awaitable)
    return made


def may_fail(awaitable: Awaitable[T], error: Failing) -> Coroutine[Any, Any, T]:
    """A coroutine that awaits `awaitable`, in which the scheduler may raise `error` at any of its awaits, once.

    `error`: an exception, its class, or a function that makes it. Raises TypeError for anything else.
    """
    if not isinstance(error, BaseException) and not callable(error):
        raise TypeError(f"may_fail() needs an exception or its class, not {error!r}")
    made: Coroutine[Any, Any, T] = _named(_interruptible(Unstarted(awaitable), "fail", error), awaitable)
    return made


def _named(made: Any, awaitable: Awaitable[Any]) -> Any:
    """`made` under the name of the coroutine inside it, as which a task is known."""
    for name in ("__name__", "__qualname__"):
        setattr(made, name, getattr(awaitable, name, getattr(made, name)))
    return made


class Unstarted:
    """Holds an awaitable until it is awaited. If it never is, since its task was cancelled before its first step, its coroutine is closed
    without a complaint at the end of the run: that is the scheduler's doing, not the author's.
    """

    __slots__ = ("awaitable",)

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        self.awaitable: Awaitable[Any] | None = awaitable
        loop = ENTERED.get(get_ident())
        if loop is not None:
            loop.at_end.append(self.close)

    def take(self) -> Awaitable[Any]:
        """The awaitable, which is now the caller's."""
        awaitable, self.awaitable = self.awaitable, None
        assert awaitable is not None
        return awaitable

    def close(self) -> None:
        """Close a coroutine that has not been taken."""
        if asyncio.iscoroutine(self.awaitable):
            self.awaitable.close()


async def _interruptible(held: Unstarted, kind: str, error: Failing | None) -> Any:
    loop = ENTERED.get(get_ident())
    if loop is None:
        return await held.take()
    return await _Interruptible(loop, held.take(), kind, error)


class _Interruptible:
    """Drives `awaitable` inside the present task. The fault cancels the task's await; with `error`, that is raised in its place."""

    def __init__(self, loop: ControlledLoop, awaitable: Awaitable[Any], kind: str, error: Failing | None) -> None:
        self._loop = loop
        self._awaitable = awaitable
        self._kind = kind
        self._error = error
        self._struck = False

    def __await__(self) -> Generator[Any, Any, Any]:
        loop = self._loop
        if not loop.may_interrupt:
            return (yield from self._awaitable.__await__())
        task: asyncio.Task[Any] = current_task(loop)

        def strike() -> None:
            self._struck = True
            loop.failed = loop.failed or self._error is not None
            task.cancel()

        fault = Event(f"{self._kind} {task.get_name()}", strike)
        loop.faults.append(fault)
        try:
            if self._error is None:
                return (yield from self._awaitable.__await__())
            return (yield from self._failing(task, self._error))
        except asyncio.CancelledError as error:
            if self._struck:
                loop.cancelled_calls += ((task, error),)
            raise
        finally:
            if fault in loop.faults:
                loop.faults.remove(fault)
            if self._struck:  # the cancellation was ours: it ends here
                task.uncancel()

    def _failing(self, task: "asyncio.Task[Any]", error: Failing) -> Generator[Any, Any, Any]:
        """As `yield from`, but for the one cancellation that stands for `error`."""
        inner = _awaiting(self._awaitable)
        raising: BaseException | None = None
        while True:
            try:
                waited = inner.send(None) if raising is None else inner.throw(raising)
            except StopIteration as stop:
                return stop.value
            raising = None
            try:
                yield waited
            except GeneratorExit:
                inner.close()
                raise
            except BaseException as got:
                raising = got
            if self._struck:
                self._struck = False
                task.uncancel()
                if not task.cancelling() or not isinstance(raising, asyncio.CancelledError):  # else another cancellation came with ours
                    raising = error if isinstance(error, BaseException) else error()


async def _awaiting(awaitable: Awaitable[T]) -> T:
    """Any awaitable as a coroutine, which can be sent to and thrown into."""
    return await awaitable
