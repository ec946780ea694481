"""What a timer is for, in the words of a report: the sleep or the time-out of a task."""

import asyncio
from typing import Any

from subwarden.checking.scenario.names import Names
from subwarden.scheduling.handles import Timer

_SLEEPS: Any = asyncio.futures._set_result_unless_cancelled  # type: ignore[attr-defined]  # by which `asyncio.sleep` ends
_TIMES_OUT: Any = asyncio.Timeout._on_timeout  # type: ignore[attr-defined]  # CPython's own


def ends(timer: Timer, names: Names, tasks: "list[asyncio.Task[Any]]") -> str:
    """`the sleep of ann is over`, `the time-out of ann is due`; of a timer that is for something else, that it is due."""
    callback: Any = timer._callback
    if callback is _SLEEPS:
        for task in tasks:
            if task._fut_waiter is timer._args[0]:  # type: ignore[attr-defined]  # CPython's own
                return f"the sleep of {names.task(task)} is over"
    if getattr(callback, "__func__", None) is _TIMES_OUT and callback.__self__._task is not None:
        return f"the time-out of {names.task(callback.__self__._task)} is due"
    return "the next timer is due"
