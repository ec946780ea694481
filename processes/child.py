"""A process of `multiprocessing` that works for this one, and the pipe that leads to it.

The pipe is the only tie to it, so that it can be killed at any moment: all that it has said is known.
"""

import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import wait
from typing import TypeVar

from subwarden.processes.lifeline import go_with_parent
from subwarden.processes.signals import ENDING


class Child:
    """A process that calls `function` with a pipe and `arguments`. The function calls `begin` first."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=function, args=(theirs, *arguments), daemon=True)
        with blocked(ENDING):
            self._process.start()
        theirs.close()  # so that its end is seen as soon as it dies

    @property
    def number(self) -> int:
        """That of the system."""
        return self._process.pid or 0

    def send(self, message: object) -> None:
        """Send a message. That it has died is seen when it is listened to."""
        with suppress(OSError):
            self.pipe.send(message)

    def exit_code(self, within: float | None = None) -> int | None:
        """As Python gives it, once its pipe is at its end; None: it has not ended `within` seconds."""
        self._process.join(within)
        return self._process.exitcode

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.join()
        self.pipe.close()


AnyChild = TypeVar("AnyChild", bound=Child)


def speaking(children: Collection[AnyChild], timeout: float | None = None) -> list[AnyChild]:
    """Those that have something to say, or have died; waits up to `timeout` seconds for the first."""
    ready = wait([child.pipe for child in children], timeout=timeout)
    return [child for child in children if child.pipe in ready]


def begin(parent: int | None = None) -> None:
    """In the child: leave signals to the parent, who decides how to end, and go when it goes. `parent`: see `go_with_parent`."""
    for number in ENDING:  # all processes of a group get them
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    go_with_parent(parent)


@contextmanager
def blocked(numbers: Collection[signal.Signals]) -> Iterator[None]:
    """A process that is started here, also by a thread that is started here, hears no such signal before it asks for it; this one hears it
    afterwards.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        resource_tracker.ensure_running()  # it unblocks some of them when it starts
        signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
