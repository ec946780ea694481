"""Writes a run down while it goes on, for a process that the subject may end: what has been written then is all that is known of the run.

It is switched on where a process before this one has died, since a write for each step takes longer than the step.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from subwarden.processes.lifeline import end_with
from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose


class LastRun(NamedTuple):
    """A run until its process died. `about`: the run, as plain data; `names` of all that happened, the last one of the step that ended it;
    `picks` among two or more candidates.
    """

    about: dict[str, Any]
    names: tuple[str, ...]
    picks: tuple[int, ...]


class BlackBox:
    """The run of this process. `on`: whether it is written down."""

    def __init__(self) -> None:
        self.on = False
        self._file = -1
        self._parent: int | None = None

    def open(self, path: Path, parent: int | None = None) -> None:
        """Write each run to `path`, in place of the one before. `parent`: the parent of this process, which a run may end, and then this
        process goes on for a moment: that run stays the last.
        """
        self._parent = parent
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self.on = True

    def close(self) -> None:
        """Write no more."""
        if self.on:
            os.close(self._file)
        self.on = False

    def begins(self, about: dict[str, Any], names: Sequence[str] = ()) -> None:
        """A run begins; or it has come to its next step along `names`, where `about` grows with the run."""
        if self._parent is not None:
            end_with(self._parent)
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        self._write(about, *([name, 0, 1] for name in names))

    def chose(self, name: str, pick: int, among: int) -> None:
        """The run comes to its next step."""
        self._write([name, pick, among])

    def recording(self, candidates: Candidates, choose: Choose, *, every_choice: bool) -> Choose:
        """`choose`, with everything that it picks written down. For a run with every choice, where `choose` is asked by `every_choice`."""

        def recorded(n: int) -> int:
            pick = choose(n) if n > 1 or every_choice else 0
            self.chose(candidates.names()[pick], pick, n)
            return pick

        return recorded

    def _write(self, *lines: object) -> None:
        os.write(self._file, "".join(f"{json.dumps(line)}\n" for line in lines).encode())


BLACK_BOX = BlackBox()


def read(path: Path) -> LastRun | None:
    """The run that a process has left in `path`; None: it had begun none."""
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        return None
    if not lines:
        return None
    about, *chosen = lines
    return LastRun(about, tuple(name for name, _, _ in chosen), tuple(pick for _, pick, among in chosen if among > 1))
