"""Places in a scenario's code: frames and tracebacks without the parts that belong to asyncio, to libraries and to this harness."""

import asyncio
import inspect
import linecache
import sys
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any, NamedTuple

from subwarden.checking.place import in_a_line, place
from subwarden.scheduling.handles import awaited_by, frame_of
from subwarden.scheduling.isolation.installed import is_harness, own

SUSPENDS = inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Spot(NamedTuple):
    """A line of code."""

    file: str
    line: int
    function: str

    def at(self) -> str:
        """`chat.py:14`."""
        return place(self.file, self.line)

    def source(self) -> str:
        """The text of the line, with its indentation."""
        return linecache.getline(self.file, self.line).rstrip()


def frames(coroutine: Any) -> Iterator[FrameType]:
    """The frames in which `coroutine` is suspended or runs, from the outermost in."""
    if any(getattr(coroutine, name, False) for name in ("cr_running", "gi_running", "ag_running")):
        yield from _running(coroutine)
        return
    while coroutine is not None:  # an async generator within, which waits, is called running all the same
        frame = frame_of(coroutine)
        if frame is not None:
            yield frame
        coroutine = awaited_by(coroutine)


def _running(coroutine: Any) -> Iterator[FrameType]:
    """The frames of a coroutine that runs now. They are on the stack: CPython 3.11 may crash when `cr_await` is asked for meanwhile, as it
    takes the inline cache of the instruction that runs for another instruction.
    """
    outermost = frame_of(coroutine)
    found: list[FrameType] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and outermost is not None:
        if frame.f_code.co_flags & SUSPENDS:
            found.append(frame)
        if frame is outermost:
            yield from reversed(found)
            return
        frame = frame.f_back


def spot_of(frame: FrameType) -> Spot:
    """The line at which `frame` stands."""
    return Spot(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


def waits_at(coroutine: Any) -> Spot | None:
    """The innermost line of the user's own code at which `coroutine` is suspended."""
    found = [frame for frame in frames(coroutine) if own(frame.f_code.co_filename)]
    return spot_of(found[-1]) if found else None


def stands_at(coroutine: Any) -> Spot | None:
    """The same; of a package's own coroutine, the line of the package at which it is suspended."""
    every = [frame for frame in frames(coroutine) if not is_harness(frame.f_code.co_filename)]
    return waits_at(coroutine) or (spot_of(every[0]) if every else None)


def raised_at(error: BaseException) -> list[Spot]:
    """The lines of the user's own code in the traceback of `error`, from the outermost in; of a group, those of its first exception."""
    spots: list[Spot] = []
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if own(trace.tb_frame.f_code.co_filename):
            spots.append(_spot_in(trace))
        trace = trace.tb_next
    if isinstance(error, BaseExceptionGroup):
        spots += [spot for spot in raised_at(error.exceptions[0]) if spot not in spots]
    return spots


def raised_in(error: BaseException) -> list[Spot]:
    """The same, or where none of these lines is the user's own, the innermost one of all, in a package."""
    spots = raised_at(error)
    innermost_trace = innermost(error).__traceback__
    while not spots and innermost_trace is not None and innermost_trace.tb_next is not None:
        innermost_trace = innermost_trace.tb_next
    if spots or innermost_trace is None:
        return spots
    return [_spot_in(innermost_trace)]


def _spot_in(trace: TracebackType) -> Spot:
    code = trace.tb_frame.f_code
    return Spot(code.co_filename, trace.tb_lineno, code.co_name)


def cause_of(error: BaseException) -> BaseException | None:
    """The exception after which `error` was raised, as a traceback tells it; a cancellation is none."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return None if isinstance(cause, asyncio.CancelledError) else cause


def root_of(error: BaseException) -> str | None:
    """The exception that `error` comes of, which may be itself, and the line of the user's code that raised it, if one did."""
    root = cause_of(error) or error
    spots = raised_at(root)
    return f"{said(root)}, raised at {spots[-1].at()}" if spots else None


def said(error: BaseException) -> str:
    """`ValueError: the first line of its message`; of a group of one, that of its exception."""
    return in_a_line(innermost(error))


def innermost(error: BaseException) -> BaseException:
    """The first exception in a group that is no group itself."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
