"""An adapter's `start()`: awaited in every run before the first operation, for managers that must be connected or set running first.

It is no part of the schedule: steps run first in, first out, parked calls return in their order and none fails, until it has returned and
nothing is ready any more. It refuses to judge: a start that fails or never ends is the adapter's mistake, told in one line.
"""

import inspect
from typing import Any

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order, happen
from subwarden.scheduling.watchdog import abandon
from subwarden.stateful_tests.exploring.findings.where import where

STARTING = 10_000  # steps that it may take
BEFORE = "it is awaited before the first operation"


def needs_nothing(method: Any) -> bool:
    """Whether `method` can be called without arguments: a `start(client)` is a helper of the adapter, and not for us to call."""
    try:
        inspect.signature(method).bind()
    except (TypeError, ValueError):
        return False
    return True


def started(manager: Any, loop: ControlledLoop) -> str | None:
    """Start `manager` on `loop`, which must be the running one; the mistake, if it fails. Raises UncontrolledSource."""

    async def start() -> None:
        answer = manager.start()
        if hasattr(answer, "__await__"):
            await answer

    task = loop.create_task(start(), name="start")
    steps = 0
    while loop.ready or (not task.done() and (loop.events or loop.has_timers())):
        steps += 1
        if steps > STARTING or loop.blocked or loop.refusal:
            break
        happen(loop, Order.FIFO, 0)
    said = _mistake(task, loop)
    if said is not None or loop.refusal:
        refusal = loop.refusal
        abandon(loop)
        if refusal is not None:
            raise refusal()
    return said


def _mistake(task: Any, loop: ControlledLoop) -> str | None:
    if loop.blocked:
        return f"start() blocks at {loop.blocked}; {BEFORE}, and must not block the loop"
    if not task.done():
        at = where(task)
        return f"start() does not return{f': it waits at {at}' if at else ''}; {BEFORE}"
    error = None if task.cancelled() else task.exception()
    if error is None and not task.cancelled():
        return None
    text = str(error or "").splitlines()
    name = type(error).__name__ if error else "CancelledError"
    return f"start() raised {name}{f': {text[0]}' if text else ''}; {BEFORE}, where nothing else runs"
