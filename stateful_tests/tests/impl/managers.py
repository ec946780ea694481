"""Helpers that call a manager outside the controlled loop, and read the state that it shows."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from subwarden.impl.manager.api import ManagerApi
from subwarden.model.manager.projection import Shown

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The answer of an operation that runs alone. It must not suspend: there is nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        answer: T = stop.value
        return answer
    coroutine.close()
    raise AssertionError("the operation suspended, though every lock was free")


def show(manager: ManagerApi) -> Shown:
    shown = manager.show()
    assert shown is not None, "the manager lock is free"
    return shown


async def cancelled_at(lock: asyncio.Lock, call: Coroutine[Any, Any, object]) -> None:
    """Make `call`, and cancel it while it waits for `lock`."""
    await lock.acquire()
    task = asyncio.create_task(call)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    lock.release()
