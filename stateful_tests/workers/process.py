"""A worker process, the pipe that leads to it, and the note that it leaves if it crashes.

The pipe is the only tie to it, so that it can be killed at any moment: all that it has said is known.
"""

import os
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import nullcontext, suppress
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from subwarden.scheduling import string_hash
from subwarden.stateful_tests.workers.crash import CrashNote, Death
from subwarden.stateful_tests.workers.signals import ENDING, ignoring


class WorkerFailed(Exception):
    """A worker stopped at an error of ours; the message is its traceback."""


class Process:
    """A process that calls `function` with a pipe, `arguments` and its crash note. `hash_seed`: that of this process, where it is None."""

    def __init__(self, function: Callable[..., object], *arguments: object, hash_seed: int | None = None) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._note = CrashNote()
        self._process = context.Process(target=function, args=(theirs, *arguments, self._note), daemon=True)
        in_main = threading.current_thread() is threading.main_thread()
        seed = string_hash.current() or 0 if hash_seed is None else hash_seed
        # signals are inherited: a worker must not die of one before it can ignore it itself
        with string_hash.of_children(seed), ignoring(ENDING) if in_main else nullcontext():
            self._process.start()
        theirs.close()  # so that its end is seen as soon as it dies

    @property
    def number(self) -> int:
        """That of the system."""
        return self._process.pid or 0

    def worked(self) -> float | None:
        """The seconds of processor time that it has had; None where the system does not say."""
        try:
            after_name = Path(f"/proc/{self.number}/stat").read_bytes().rpartition(b")")[2].split()
            return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError, IndexError):
            return None

    def send(self, message: object) -> None:
        """Send a message. That it has died is seen when it is listened to."""
        with suppress(OSError):
            self.pipe.send(message)

    def said(self) -> Iterator[tuple[str, Any]]:
        """The messages that are here, in order. The last is ("lost", Death) once it has died."""
        try:
            while self.pipe.poll():
                yield self.pipe.recv()
        except (EOFError, OSError):
            yield "lost", self.died()

    def died(self) -> Death:
        """How it died, once its pipe is at its end."""
        return self._note.of_child(self._process)

    def end(self) -> None:
        """Kill it, and leave nothing behind."""
        self._process.kill()
        self._process.join()
        self.pipe.close()
        self._note.close()


def speaking(processes: Collection[Process], timeout: float) -> list[Process]:
    """Those that have something to say, or have died; waits up to `timeout` seconds for the first."""
    ready = wait([process.pipe for process in processes], timeout=timeout)
    return [process for process in processes if process.pipe in ready]
