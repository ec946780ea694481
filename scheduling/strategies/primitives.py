"""asyncio's own objects, made to write down who touches them: locks, events, conditions, semaphores, queues, groups, futures and tasks.

CPython's code stays what runs. The attributes of the primitives get descriptors while `recording()` is open, so that every method, and
every step that goes on within one, is seen; futures and tasks are subclasses that note and call on. What is awaited without being tracked
(a future that was not made by the loop's `create_future`) is noticed at the end of the step that awaits it, and fails loudly.
"""

import asyncio
from asyncio import tasks as asyncio_tasks
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import scheduling.events
from scheduling.loop import ControlledLoop
from scheduling.strategies.declared import LOCATION, Attribute
from scheduling.strategies.footprints import KEY_READ, READ, RECORDER, WRITE, Location, MissingFootprint

_ATTRIBUTES: dict[type, str] = {
    asyncio.Lock: "_waiters _locked",
    asyncio.Event: "_waiters _value",
    asyncio.Condition: "_waiters",
    asyncio.Semaphore: "_waiters _value",
    asyncio.Queue: "_getters _putters _unfinished_tasks _queue",
    asyncio.Barrier: "_state _count",
    asyncio.TaskGroup: "_tasks _errors _base_error _on_completed_fut _aborting _exiting _entered _parent_cancel_requested",
    asyncio.Timeout: "_state _when _timeout_handler",
}
_FUTURE_METHODS = {
    **dict.fromkeys("set_result set_exception cancel".split(), WRITE),
    **dict.fromkeys("done cancelled result exception".split(), READ),
    # who waits does not change what is answered, and in the order `any` not who goes first
    **dict.fromkeys("add_done_callback remove_done_callback".split(), KEY_READ),
}


class _OfPrimitive(Attribute):
    """Stands on a primitive's class for one attribute. The name of the location is made when the primitive is."""

    def location(self, owner: Any) -> Location:
        where: Location = owner.__dict__.get(LOCATION)
        if where is None:
            RECORDER.fail(f"a {type(owner).__name__} was made before the run that uses it")
        return where

    def __set__(self, owner: Any, value: Any) -> None:
        own = owner.__dict__
        if RECORDER.active:
            if LOCATION not in own:
                own[LOCATION] = RECORDER.name()
            RECORDER.touch((own[LOCATION], self._name), WRITE)
        own[self._name] = value


def _noting(method: Callable[..., Any], how: int) -> Callable[..., Any]:
    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        RECORDER.touch(self.location, how)
        return method(self, *args, **kwargs)

    return noted


class TrackedFuture(asyncio.Future[Any]):
    """CPython's future, noting who completes, cancels and asks it."""

    def __init__(self, *, loop: Any = None) -> None:
        self.location = RECORDER.name()
        super().__init__(loop=loop)


class TrackedTask(asyncio.Task[Any]):
    """CPython's task, noting who cancels it and who asks whether it is done. Its own steps are noted by the strategy."""

    def __init__(self, coro: Any, *, loop: Any, **kwargs: Any) -> None:
        own = RECORDER.name()
        self.steps: Location = own
        self.location: Location = (own, "done")
        super().__init__(coro, loop=loop, **kwargs)

    def cancel(self, msg: Any = None) -> bool:
        RECORDER.touch(self.location, READ)
        RECORDER.touch(self.steps, WRITE)
        return super().cancel(msg)

    def uncancel(self) -> int:
        RECORDER.touch(self.steps, WRITE)
        return super().uncancel()

    def cancelling(self) -> int:
        RECORDER.touch(self.steps, READ)
        return super().cancelling()


for _name, _how in _FUTURE_METHODS.items():
    setattr(TrackedFuture, _name, _noting(getattr(asyncio.Future, _name), _how))
    if _name != "cancel":
        setattr(TrackedTask, _name, _noting(getattr(asyncio.Task, _name), _how))

_open = 0
_undo: list[Callable[[], None]] = []


def _put(owner: Any, name: str, value: object) -> None:
    """Set an attribute until `recording` is over."""
    if name in vars(owner):
        before = vars(owner)[name]
        _undo.append(lambda: setattr(owner, name, before))
    else:
        _undo.append(lambda: delattr(owner, name))
    setattr(owner, name, value)


@contextmanager
def recording() -> Iterator[None]:
    """While open, primitives can be tracked. May be nested."""
    global _open  # noqa: PLW0603  # the patch is global by nature: one count of who wants it
    if not _open:
        for kind, names in _ATTRIBUTES.items():
            for name in names.split():
                _put(kind, name, _OfPrimitive(name))
        gathering: Any = asyncio_tasks._GatheringFuture  # type: ignore[attr-defined]
        _put(gathering, "location", property(_location_of_gathering))
        for name, how in _FUTURE_METHODS.items():
            _put(gathering, name, _noting(getattr(gathering, name), how))
        _put(scheduling.events, "Future", TrackedFuture)
    _open += 1
    try:
        yield
    finally:
        _open -= 1
        if not _open:
            RECORDER.stop()
            while _undo:
                _undo.pop()()


def _location_of_gathering(gathering: Any) -> Location:
    """One for all of them: gathers are few, and CPython's class makes no room for a name at birth."""
    return "gatherings"


def record(loop: ControlledLoop) -> None:
    """Record the run that is about to begin on `loop`."""
    if not _open:
        raise RuntimeError("footprints are recorded inside `with recording():`")
    RECORDER.start()
    loop.create_future = lambda: TrackedFuture(loop=loop)  # type: ignore[method-assign]
    loop.set_task_factory(lambda on, coro, **kwargs: TrackedTask(coro, loop=on, **kwargs))


def check_awaited(task: asyncio.Task[Any]) -> None:
    """Raise if the task waits for something that is not tracked."""
    waiter = task._fut_waiter  # type: ignore[attr-defined]
    if waiter is not None and not hasattr(waiter, "location"):
        raise MissingFootprint(f"{task.get_name()} awaits {waiter!r}, which is not tracked: make it by loop.create_future()")
