"""Who did a step, in words: a task by its name and its coroutine, a callback by what it does. Schedules keep their own names.

The steps of a library's inside (`shield._inner_done_callback`) are told by the library's name and what they do for the code that waits.
"""

import asyncio
from typing import Any

from subwarden.checking.place import library_of
from subwarden.scheduling.handles import UNNAMED, Handle, label, name_of, owner

DOES = {  # by the last part of a callback's name
    "_inner_done_callback": "shield() passes on the result",
    "_outer_done_callback": "shield() is done",
    "_done_callback": "gather() notes that a task has ended",
    "_on_task_done": "the task group notes that a task has ended",
    "_on_completion": "wait() notes that a task has ended",
    "_release_waiter": "the time of a wait is up",
    "_on_timeout": "the time of a timeout() is up",
    "_set_result_unless_cancelled": "a sleep ends",
    "_call_set_state": "passes on a future's result",
    "_call_check_cancel": "passes on a cancellation",
    "_deliver_cancellation": "a cancel scope cancels its tasks",
    "_timeout": "the time of a cancel scope is up",
    "task_done": "the task group notes that a task has ended",
}


INSIDE = {  # tasks that asyncio starts for a connection or a server, by their coroutines
    "BaseSelectorEventLoop._accept_connection2": "accepts",
    "BaseEventLoop._create_server_getaddrinfo": "looks up",
}


def task_said(task: "asyncio.Task[Any]") -> str:
    """The name of `task`, with its coroutine's where the loop has numbered it: `task-3 (Hub.reader)`."""
    name = name_of(task)
    if UNNAMED.fullmatch(name) is None:
        return name
    coroutine = getattr(task.get_coro(), "__qualname__", "")
    coroutine = INSIDE.get(coroutine, coroutine)
    return f"{name} ({coroutine.replace('.<locals>', '')})" if coroutine else name


def actor(handle: Handle) -> str:
    """The task whose step `handle` is, else the library whose callback it is, else the name of the subject's own callback."""
    task = owner(handle)
    if task is not None:
        return task_said(task)
    return library_of(_module(handle)) or label(handle)


def quiet(handle: Handle) -> str | None:
    """What the callback `handle` of a library does, in words; None for a callback of the subject's own."""
    if library_of(_module(handle)) is None:
        return None
    name = label(handle).rpartition(".")[2]
    return DOES.get(name, f"internal: {name}")


def _module(handle: Handle) -> str:
    callback: Any = handle._callback
    callback = getattr(callback, "func", callback)  # of a partial
    return getattr(callback, "__module__", None) or getattr(type(getattr(callback, "__self__", None)), "__module__", None) or ""
