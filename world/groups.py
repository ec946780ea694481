"""Tasks that a task group drops in silence: they end cancelled, though nobody has cancelled them.

`asyncio.TaskGroup` takes a cancelled child for one that was to end. A child that awaits what somebody else cancels (a shared task, a
future) ends in the same way, and its work is lost. CPython counts the calls of `cancel`, and so tells them apart.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from subwarden.scheduling.loop import ENTERED

_stock: Any = asyncio.TaskGroup._on_task_done  # CPython's own, which a child calls when it has ended


def _on_task_done(self: Any, task: Any) -> None:
    loop = ENTERED.get(get_ident())
    if loop is not None and task.cancelled() and not task.cancelling():
        loop.dropped = (*loop.dropped, task)
    _stock(self, task)


_on_task_done.__qualname__ = _stock.__qualname__  # schedules name steps by it


@contextmanager
def watched_groups() -> Iterator[None]:
    """While open, loops know the children that are dropped. May be nested."""
    group: Any = asyncio.TaskGroup
    before, group._on_task_done = group._on_task_done, _on_task_done
    try:
        yield
    finally:
        group._on_task_done = before
