"""The journal of a folder that keeps long work, so that work that was stopped, or killed, goes on where it was.

It has a line of JSON for each event, which is on the disk before the work goes on, and is only ever added to. One process at a time holds
it. A last line that was cut off is ignored.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from subwarden.files.bounded import text_of

LARGEST = 1_000_000_000  # bytes of one file
DAMAGED = (ValueError, RecursionError, KeyError, TypeError, AttributeError, IndexError)  # raised by reading other data


class Words(NamedTuple):
    """The words in which a journal refuses. `work`: what the folder keeps, such as "hunt"; the rest says how to mend it."""

    work: str
    unwritten: str
    damaged: str


class Journal:
    """The journal at `path`. Raises `bad`, with a line that says how to mend it."""

    def __init__(self, path: Path, words: Words, bad: type[Exception]) -> None:
        self.path = path
        self._words = words
        self._bad = bad
        self._held: BinaryIO | None = None  # open for as long as this process holds it

    def begin(self, head: dict[str, Any]) -> None:
        """Make the folder, and the journal with its first line; hold it."""
        with self.using():
            self.path.parent.mkdir(parents=True, exist_ok=True)
        self.add({"began": head})
        self.hold()

    def hold(self) -> None:
        """Two processes in one folder would undo each other's work. The lock goes with the process, however that ends."""
        file = self.path.open("rb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise self._bad(
                f"a {self._words.work} is running in {self.path.parent}; wait for it, or give another folder with --dir"
            ) from None
        self.close()
        self._held = file

    def go_on(self) -> None:
        """Hold the journal of work that was cut off: a torn last line must not run into the next."""
        with self.writing(self.path):
            self.hold()
            text = self.path.read_bytes()
            if not text.endswith(b"\n"):
                with self.path.open("r+b") as file:
                    file.truncate(text.rfind(b"\n") + 1)

    def close(self) -> None:
        """Let others hold it. The end of the process does that too."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def add(self, line: dict[str, Any]) -> None:
        """Add a line, and have it on the disk."""
        with self.writing(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def lines(self) -> list[Any]:
        """All lines; there is a first one."""
        work, folder = self._words.work, self.path.parent
        try:
            text = text_of(self.path, LARGEST)
        except FileNotFoundError:
            raise self._bad(f"{folder} has no {work} (no {self.path.name}); give the folder of a {work}, or start one with --dir") from None
        except OSError as error:
            raise self._bad(f"cannot read {self.path}: {error.strerror}; give the folder of a {work}") from None
        except ValueError as error:  # it is not text
            raise self._unreadable(1, error) from None
        decoded: list[Any] = []
        for number, line in enumerate(text.split("\n")[:-1], 1):  # after the last end it was cut off
            with self.reading(number):
                decoded.append(json.loads(line))
        if not decoded:
            raise self._unreadable(1, ValueError("it is empty"))
        return decoded

    @contextmanager
    def using(self) -> Iterator[None]:
        """What is done inside makes the folder, or moves it."""
        try:
            yield
        except OSError as error:
            raise self._bad(f"cannot use {self.path.parent}: {error.strerror}; give another folder with --dir") from None

    @contextmanager
    def writing(self, path: Path) -> Iterator[None]:
        """What is done inside writes `path`, in the folder."""
        try:
            yield
        except OSError as error:
            raise self._bad(f"cannot write {path}: {error.strerror}; {self._words.unwritten}") from None

    @contextmanager
    def reading(self, number: int) -> Iterator[None]:
        """What is done inside reads the line `number`, counted from 1: it may have other data than we write."""
        try:
            yield
        except DAMAGED as error:
            raise self._unreadable(number, error) from None

    def _unreadable(self, number: int, error: Exception) -> Exception:
        return self._bad(f"{self.path}, line {number}, cannot be read: {error}; {self._words.damaged}")
