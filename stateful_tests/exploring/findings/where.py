"""Where code is: the line at which a task is suspended, and the line that is at work now, of the subject's own code."""

import asyncio
import sys
from types import FrameType
from typing import Any

from subwarden.checking.place import place_in
from subwarden.scheduling.handles import awaited_by, frame_of
from subwarden.scheduling.isolation.installed import is_installed, own

SCHEDULER = "subwarden.scheduling."
WORLD = "subwarden.world."  # told only where no code of the subject waits: an adapter may be one of its hubs
SERVED = "subwarden.world.asgi."  # it calls applications, as a server's package does
FINDINGS = "subwarden.stateful_tests.exploring.findings."
FAKES = "subwarden.stateful_tests.subjects.core.environment"  # an adapter's calls wait there, which is no place of their own
PLAYS = "subwarden.stateful_tests.subjects."  # told only where nothing else waits
LIBRARIES = ("asyncio", "contextlib")


def at_work(ours: tuple[str, ...]) -> str | None:
    """The line that runs now, as path:line: the innermost that is neither asyncio's, nor of a module named like `ours`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "?")
        if module.split(".")[0] not in LIBRARIES and not module.startswith(ours):
            return place_in(frame.f_code, frame.f_lineno)
        frame = frame.f_back
    return None


def works_in(prefix: str) -> bool:
    """Whether the line that runs now, apart from asyncio's and the scheduler's, is one of a module named like `prefix`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "?")
        if module.split(".")[0] not in LIBRARIES and not module.startswith((SCHEDULER, FINDINGS)):
            return bool(module.startswith(prefix))
        frame = frame.f_back
    return False


def place_said(task: "asyncio.Task[Any]") -> str | None:
    """As `where`, for a table: not where only the harness's own hub waits, since that is no place for a reader to look at."""
    frame = suspended_in(task)
    return None if frame is None or frame.f_globals.get("__name__", "").startswith(WORLD) else place_in(frame.f_code, frame.f_lineno)


def where(task: "asyncio.Task[Any]") -> str | None:
    """Where `task` waits, as path:line of the frame that `suspended_in` finds."""
    frame = suspended_in(task)
    return None if frame is None else place_in(frame.f_code, frame.f_lineno)


def suspended_in(task: "asyncio.Task[Any]") -> FrameType | None:
    """The innermost frame of the suspended `task` that is neither asyncio's, nor the harness's, nor of the simulated world; if there is
    none, one of that world; if there is none, one of the harness's players. Where a package calls the user's own code, as a server its
    handlers, the innermost frame of that code: a receive of the package says nothing. Nor does a fake in the adapter's file: where the
    adapter calls own code of another file, the innermost frame of that.
    """
    coroutine: Any = task.get_coro()
    at: FrameType | None = None
    mine: FrameType | None = None
    called: FrameType | None = None
    first = ""
    served: bool | None = None
    outside: FrameType | None = None
    play: FrameType | None = None
    while coroutine is not None:
        frame = frame_of(coroutine)
        if frame is None:
            break
        module = frame.f_globals.get("__name__", "?")
        if module == "contextlib":  # `async with` of an async generator, which awaits by no attribute of a frame
            generator = getattr(frame.f_locals.get("self"), "gen", None)
            if hasattr(generator, "ag_frame"):
                coroutine = generator
                continue
        elif module.startswith(WORLD):
            outside = frame
            served = module.startswith(SERVED) if served is None else served
        elif module.startswith(PLAYS):
            play = frame if module != FAKES else None  # a player that waits for an outside event itself is nowhere
        elif module.split(".")[0] != "asyncio" and not module.startswith(SCHEDULER):
            at = frame
            served = is_installed(frame.f_code.co_filename) if served is None else served
            if own(file := frame.f_code.co_filename):
                mine, first = frame, first or file
                called = frame if file != first else called
        coroutine = awaited_by(coroutine)
    if called is not None and at is mine and at is not None and at.f_code.co_filename == first:
        return called
    return (mine if served else None) or at or outside or play
