"""The sources of order that the controlled loop cannot control, by name.

Sockets, threads, executors, subprocesses and signals bring an order of their own. To let them pass in silence would make a verdict
worthless, so each raises at once and the loop remembers the name: a subject that swallows the exception is still found out.
"""

import os
import sys
from asyncio import AbstractEventLoop
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from subwarden.scheduling.isolation.memory import MEMORY, said

SOURCES = (
    "run_in_executor set_default_executor getaddrinfo getnameinfo create_connection create_server start_tls sendfile "
    "create_unix_connection create_unix_server connect_accepted_socket create_datagram_endpoint connect_read_pipe "
    "connect_write_pipe subprocess_shell subprocess_exec add_reader remove_reader add_writer remove_writer sock_recv "
    "sock_recv_into sock_recvfrom sock_recvfrom_into sock_sendall sock_sendto sock_connect sock_accept sock_sendfile "
    "add_signal_handler remove_signal_handler run_forever run_until_complete"
).split()


CONNECTED = "a socket that is connected"
POLICIES = "asyncio.set_event_loop_policy", "asyncio.events.set_event_loop_policy"  # a package in C calls the first, as uvloop does
SELECT = "selectors.DefaultSelector.select"
WAITS = "threading.Condition.wait"
INSTEAD = {  # what is refused for another reason than its order, and what to do instead
    **dict.fromkeys(
        ("uvloop.new_event_loop", "uvloop.run", "uvloop.install"),
        "uvloop shows no ready queue, so that its order cannot be controlled; leave the event loop of the run as it is",
    ),
    **dict.fromkeys(POLICIES, "asyncio.set_event_loop_policy changes what comes after the run; leave its loop as it is"),
    **dict.fromkeys(
        ("run_until_complete", "run_forever"),
        "the event loop runs already, and cannot be started once more inside a run; await the coroutine instead",
    ),
    SELECT: "another event loop, such as that of asyncio.run in a thread, waits by a clock that is not the run's; await in the run's loop",
    WAITS: "a job of an executor waits for another thread or for the loop, but jobs run on the loop's own thread here; let it return, and "
    "await in the scenario instead",
    CONNECTED: "a socket that is connected already carries bytes that nobody can schedule; let the loop connect it, in a run",
    "ssl=": "the simulated network has no TLS; connect and serve without ssl= in a run (ws:// for wss://, http:// for https://)",
}
MOST_TASKS = 10_000  # of one run, which has as many steps at most: more could not come to rest
INSTALLED = f"{os.sep}site-packages{os.sep}"
STDLIB = str(Path(os.__file__).parent) + os.sep
OURS = tuple(str(Path(__file__).parents[1] / room) + os.sep for room in ("scheduling", "world"))
INNER_LOOP = str(Path(__file__).with_name("run.py"))


class UncontrolledSource(RuntimeError):
    """The subject asked for something whose order the scheduler cannot choose, at `place`. `ends`: it would end the process."""

    def __init__(self, name: str, place: str = "", *, ends: bool = False) -> None:
        what = name if "." in name else f"loop.{name}"
        at = f" ({place})" if place else ""
        if ends:
            super().__init__(f"{what} ends the process, so that no verdict could be told; raise an exception instead{at}")
        elif name in INSTEAD:
            super().__init__(INSTEAD[name] + at)
        else:
            said = f"{what} brings an order that cannot be controlled; replace it by a fake that waits for an outside event"
            super().__init__(said + at)
        self.name = name


class TooManyTasks(UncontrolledSource):
    """The subject starts tasks without end."""

    def __init__(self, place: str = "") -> None:
        self.name = "create_task"
        RuntimeError.__init__(self, f"it starts more than {MOST_TASKS:,} tasks in one run; bound their number ({place})")


class TooMuchMemory(UncontrolledSource):
    """The subject takes more memory than it may."""

    def __init__(self, place: str, limit: int) -> None:
        self.name = "memory"
        shared = f", the share of one of {MEMORY.processes} processes" if MEMORY.processes > 1 else ""
        told = f"it takes more than {said(limit)} of memory{shared}; free it, or allow more by --max-memory ({place})"
        RuntimeError.__init__(self, told)


class HoardsMemory(UncontrolledSource):
    """A step goes on and on, and takes ever more memory: on a busy machine, its time is up before the limit is reached."""

    def __init__(self, place: str, taken: int) -> None:
        self.name = "memory"
        RuntimeError.__init__(self, f"one step takes more and more memory ({said(taken)} until it was stopped); bound it ({place})")


class LongJob(UncontrolledSource):
    """A job of an executor does not end: it waits in a way that nobody sees, or works for long."""

    def __init__(self, place: str) -> None:
        self.name = "job"
        told = "a job of an executor goes on and on; jobs run on the loop's own thread here, so let it be short, and wait for nobody"
        RuntimeError.__init__(self, f"{told} ({place})")


def is_library(file: str) -> bool:
    """Whether `file` is the standard library's or the scheduler's, which may lie among the installed packages itself."""
    return file.startswith((*OURS, "<frozen")) or (file.startswith(STDLIB) and "site-packages" not in file)


def calling_place() -> str:
    """The file and line of the innermost code that is neither the standard library's nor ours; from here, if it lies below. Of a package's
    code also the line of the user's own that leads there.
    """
    frame = called = caller_outside()
    while called is not None and (INSTALLED in called.f_code.co_filename or is_library(called.f_code.co_filename)):
        called = called.f_back
    if frame is None or called in (None, frame):
        return "" if frame is None else place_of(frame)
    return f"{place_of(frame)}, called at {place_of(called)}"


def caller_outside(frame: FrameType | None = None) -> FrameType | None:
    """The frame of the innermost code that is neither the standard library's nor ours, from `frame` or else from the caller; in a run, of
    those that the run has called.
    """
    frame = frame or sys._getframe(1)
    while frame is not None and is_library(frame.f_code.co_filename):
        frame = None if frame.f_code.co_filename == INNER_LOOP else frame.f_back
    return frame


def place_of(frame: FrameType) -> str:
    """The file and line at which `frame` stands; of an installed package, from the folder that holds it."""
    file = frame.f_code.co_filename
    if INSTALLED in file:
        file = file.rpartition(INSTALLED)[2]
    return f"{os.path.relpath(file) if Path(file).is_relative_to(Path.cwd()) else file}:{frame.f_lineno}"


def _refusal(name: str) -> Callable[..., NoReturn]:
    def refuse(self: Any, *_: object, **__: object) -> NoReturn:
        raise self.refuse(name)

    refuse.__name__ = name
    return refuse


#: A base for the loop in which every uncontrolled source is refused, by name.
Refusing: Any = type("Refusing", (AbstractEventLoop,), {name: _refusal(name) for name in SOURCES})
