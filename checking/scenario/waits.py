"""Who waits for what held by whom, when nothing can move any more.

Read from the suspended frames of asyncio's own primitives, so that runs pay nothing for it.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from subwarden.checking.scenario.places import Spot, frames, waits_at
from subwarden.scheduling.locks import awaited
from subwarden.scheduling.loop import ControlledLoop

Task = asyncio.Task
_WAITERS = {  # the code that suspends -> the words for it; `self` of its frame is the thing that is waited for
    asyncio.Event.wait.__code__: "event",
    asyncio.Condition.wait.__code__: "condition",
    asyncio.Semaphore.acquire.__code__: "semaphore",
    asyncio.Barrier.wait.__code__: "barrier",
    asyncio.Queue.get.__code__: "queue",
    asyncio.Queue.put.__code__: "room",
    asyncio.Queue.join.__code__: "join",
}
_ASYNCIO = str(Path(asyncio.__file__).parent)
_ASYNCIO_WAIT = asyncio.tasks._wait.__code__  # type: ignore[attr-defined]  # behind `asyncio.wait`; its frame has the tasks as `fs`


class Wait(NamedTuple):
    """`task` waits for `thing`, which is a `kind`, and on which the tasks in `on` could help. `at`: where in the user's code."""

    task: "Task[Any]"
    kind: str
    thing: Any
    on: "tuple[Task[Any], ...]"
    at: Spot | None


def waits(loop: ControlledLoop) -> list[Wait]:
    """The wait of every unfinished task of `loop`, in the order of their birth."""
    return [_wait(loop, task) for task in loop.tasks if not task.done()]


def cycle(found: list[Wait]) -> list[Wait]:
    """Waits of which each is on the next one's task, and the last on the first's; empty if there is none."""
    of = {wait.task: wait for wait in found}
    for start in found:
        path: list[Wait] = []
        found_path = _path(start, start.task, of, path, set())
        if found_path:
            return found_path
    return []


def needed_by(task: "Task[Any]", found: list[Wait]) -> list[Wait]:
    """The waits of `found` that keep `task` from going on: its own, and those of the tasks that it waits for."""
    of = {wait.task: wait for wait in found}
    needed = [of[task]] if task in of else []
    for wait in needed:  # grows
        needed += [of[on] for on in wait.on if on in of and of[on] not in needed]
    return needed


def _path(wait: Wait, goal: "Task[Any]", of: "dict[Task[Any], Wait]", path: list[Wait], seen: "set[Task[Any]]") -> list[Wait]:
    seen.add(wait.task)
    path.append(wait)
    for on in wait.on:
        if on is goal:
            return path
        if on in of and on not in seen and (longer := _path(of[on], goal, of, path, seen)):
            return longer
    path.pop()
    return []


def _wait(loop: ControlledLoop, task: "Task[Any]") -> Wait:
    coroutine = task.get_coro()
    at = waits_at(coroutine)
    lock = awaited(task)
    if lock is not None:
        return Wait(task, "lock", lock[0], tuple(holder for holder, held in loop.holding if held is lock[0] and holder is not None), at)
    primitive = _primitive(reversed(list(frames(coroutine))))
    if primitive is not None:
        return Wait(task, *primitive, (), at)
    future: Any = getattr(task, "_fut_waiter", None)
    if future is not None and any(future in (timer._args or ()) for timer in loop.timers if not timer._cancelled):
        return Wait(task, "timer", None, (), at)
    on = _joined(loop, coroutine, future)
    return Wait(task, "tasks", None, on, at) if on else Wait(task, "future", future, (), at)


def _primitive(outwards: Iterator[FrameType]) -> tuple[str, object] | None:
    """The kind of the primitive of asyncio that waits, and the primitive. Some are made of others: `Queue.join` waits for an event."""
    found = None
    for frame in outwards:
        kind = _WAITERS.get(frame.f_code)
        if kind is not None:
            found = kind, frame.f_locals.get("self")
        elif found is not None and not frame.f_code.co_filename.startswith(_ASYNCIO):
            break
    return found


def _joined(loop: ControlledLoop, coroutine: Any, future: Any) -> "tuple[Task[Any], ...]":
    """The unfinished tasks for whose end a task waits: of a task group, in `asyncio.wait`, by `gather`, or one that it awaits."""
    among: Any = {future} if isinstance(future, Task) else getattr(future, "_children", ())  # of gather
    for frame in frames(coroutine):
        group = getattr(frame.f_locals.get("self"), "_tasks", None) if frame.f_code.co_name == "__aexit__" else None
        if isinstance(group, set):  # asyncio's, anyio's
            among = group
        elif frame.f_code is _ASYNCIO_WAIT and "fs" in frame.f_locals:
            among = frame.f_locals["fs"]
    return tuple(child for child in loop.tasks if child in among and not child.done())
