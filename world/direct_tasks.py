"""Tasks that code makes past its loop: `asyncio.Task(coroutine, loop=loop)`, as aiohttp does from Python 3.12 on, to start them eagerly.

A loop does not hear of such a task. It would be named by a counter of the process and hashed by its address, so that no run repeated
another, and nobody would close it at the end of a run. While runs last, a call of the class on a controlled loop makes the task as
`create_task` does. The class is one for `isinstance` and for subclasses, too. Code that has bound it by its own name keeps CPython's.
"""

import asyncio
from asyncio import events as asyncio_events
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from subwarden.scheduling.loop import ControlledLoop

_Stock: Any = asyncio.Task


class _Called(type):
    def __call__(cls, *args: Any, loop: Any = None, **kwargs: Any) -> Any:
        if cls is not _Task:
            return super().__call__(*args, loop=loop, **kwargs)
        running = asyncio_events._get_running_loop() if loop is None else loop
        if isinstance(running, ControlledLoop):
            return running.create_task(*args, direct=True, **kwargs)
        return _Stock(*args, loop=loop, **kwargs)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _Stock) if cls is _Task else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _Stock) if cls is _Task else super().__subclasscheck__(subclass)


class _Task(_Stock, metaclass=_Called):  # type: ignore[misc]  # CPython's own class, without a type
    __slots__ = ()


_Task.__name__, _Task.__qualname__, _Task.__module__ = _Stock.__name__, _Stock.__qualname__, _Stock.__module__


@contextmanager
def directed_tasks() -> Iterator[None]:
    """While open, controlled loops make those tasks. May be nested."""
    before = asyncio.Task
    asyncio.Task = asyncio.tasks.Task = _Task  # type: ignore[misc]
    try:
        yield
    finally:
        asyncio.Task = asyncio.tasks.Task = before  # type: ignore[misc]
