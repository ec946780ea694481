"""The crash of a host: its tasks and callbacks never run again, and the system closes its sockets.

Its tasks must not notice. No exception is thrown into them; they are taken from everything that would wake them.
"""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any

from subwarden.scheduling.handles import owner
from subwarden.world.network.hosts import current
from subwarden.world.network.selecting import SelectingLoop


class Crashes:
    """Knows the host of each task of one run, from the first call of `watch` on."""

    def __init__(self, loop: SelectingLoop) -> None:
        self._loop = loop
        self._tasks: dict[str, list[asyncio.Task[Any]]] = {}
        self._watching = False

    def watch(self) -> None:
        """Note the host of every task that starts."""
        if self._watching:
            return
        self._watching = True
        create = self._loop.create_task

        def create_task(coro: Coroutine[Any, Any, Any], *, context: Context | None = None, **kw: Any) -> "asyncio.Task[Any]":
            if context is not None:
                kw["context"] = context
            task = create(coro, **kw)
            host = current.get() if context is None else context.get(current, current.get())
            self._tasks.setdefault(host, []).append(task)
            return task

        self._loop.__dict__["create_task"] = create_task

    def crash(self, host: str) -> None:
        """End everything on `host`."""
        loop = self._loop
        tasks = [task for task in self._tasks.pop(host, ()) if not task.done()]
        for handle in [*loop.ready, *loop.held()]:
            if owner(handle) in tasks or handle._context.get(current) == host:
                handle.cancel()
        for timer in loop.timers:
            if timer._context.get(current) == host:
                timer._cancelled = True
        for task in tasks:
            _forget(task)
            coroutine = task.get_coro()
            if coroutine is not None:
                loop.crashed.append(coroutine)
        network = loop.network
        for number, sock in list(network.sockets.items()):
            if sock.host == host:
                transport = loop._transports.get(number)
                if transport is not None:
                    transport._closing, transport._conn_lost, transport._sock = True, 1, None
                sock.close()


def _forget(task: "asyncio.Task[Any]") -> None:
    """Take the task from what it waits for, and end it in silence. It keeps its coroutine, which must not be collected in a run."""
    waited: Any = getattr(task, "_fut_waiter", None)
    for callback, _ in list(getattr(waited, "_callbacks", None) or ()):
        if getattr(callback, "__self__", None) is task:
            waited.remove_done_callback(callback)
    asyncio.Future.set_result(task, None)  # a Task has no such method of its own
