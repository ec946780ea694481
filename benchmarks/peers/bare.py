"""The yardstick: a bare controlled loop, which has CPython's Tasks, a queue, a random choice, and nothing else."""

import asyncio
from asyncio import events as asyncio_events
from collections import deque
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

_Base: Any = asyncio.AbstractEventLoop  # to the type checker it has dozens of abstract methods, which nothing here calls


class BareLoop(_Base):  # type: ignore[misc]  # see above
    """The smallest loop that runs CPython's tasks. Records the index of each ready handle that ran."""

    def __init__(self) -> None:
        self.ready: deque[asyncio.Handle] = deque()
        self.picked: list[int] = []

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Any = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self.ready.append(handle)
        return handle

    def get_debug(self) -> bool:
        return False

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        raise RuntimeError(context)

    def run(self, coroutines: list[Coroutine[Any, Any, Any]], random: Random | None) -> int:
        """Run to the end, in random order, or first in first out without `random`. Returns the number of steps."""
        asyncio_events._set_running_loop(self)
        try:
            tasks = [asyncio.Task(c, loop=self) for c in coroutines]
            ready, picked, steps = self.ready, self.picked, 0
            while ready:
                if random is None:
                    handle = ready.popleft()
                else:
                    at = int(random.random() * len(ready))
                    picked.append(at)
                    handle = ready[at]
                    del ready[at]
                handle._run()
                steps += 1
            for task in tasks:
                task.result()
            return steps
        finally:
            asyncio_events._set_running_loop(None)
