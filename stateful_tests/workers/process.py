"""A worker process, and the note that it leaves if it crashes."""

import os
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from subwarden.processes.child import Child
from subwarden.scheduling import string_hash
from subwarden.stateful_tests.workers.crash import CrashNote, Death

JOINED_WITHIN = 1.0  # seconds: a process that has closed its pipe is ending


Outcome = TypeVar("Outcome")


class WorkerFailed(Exception):
    """A worker stopped at an error of ours; the message is its traceback."""


def failure(error: Exception) -> tuple[str, str]:
    """The last message of a worker that stops at an error of ours."""
    return "failed", f"{type(error).__name__}: {error}\n{''.join(traceback.format_exception(error))}"


def outcome_of(message: str, about: Any, kind: type[Outcome], bad: type[Exception]) -> Outcome:
    """The outcome, one of `kind`, that the last message of a worker holds. Raises `bad`, with its reason, and WorkerFailed."""
    if message == "bad":
        raise bad(about)
    if message == "failed":
        raise WorkerFailed(about)
    assert isinstance(about, kind)
    return about


class Process(Child):
    """A child that is given its crash note behind `arguments`. `hash_seed`: that of this process, where it is None."""

    def __init__(self, function: Callable[..., object], *arguments: object, hash_seed: int | None = None) -> None:
        self._note = CrashNote()
        with string_hash.of_children(string_hash.current() or 0 if hash_seed is None else hash_seed):
            super().__init__(function, *arguments, self._note)

    def worked(self) -> float | None:
        """The seconds of processor time that it has had; None where the system does not say."""
        try:
            after_name = Path(f"/proc/{self.number}/stat").read_bytes().rpartition(b")")[2].split()
            return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError, IndexError):
            return None

    def said(self) -> Iterator[tuple[str, Any]]:
        """The messages that are here, in order. The last is ("lost", Death) once it has died."""
        try:
            while self.pipe.poll():
                yield self.pipe.recv()
        except (EOFError, OSError):
            yield "lost", self.died()

    def died(self) -> Death:
        """How it died, once its pipe is at its end."""
        return self._note.died(self.exit_code(JOINED_WITHIN))

    def end(self) -> None:
        """Kill it, and leave nothing behind."""
        super().end()
        self._note.close()
