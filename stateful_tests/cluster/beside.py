"""Starts a process beside a Dask worker: a subject needs the main thread and a string hash of its own, and it may die."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from subwarden.scheduling import string_hash
from subwarden.stateful_tests.workers.crash import CrashNote, Death

LOOK_EVERY = 0.25  # seconds between two looks at whether the task is still wanted


class Beside:
    """A process that runs `serve` of `cluster.child`, in `folder`. It is sent the path to import from and `first`, and then messages."""

    def __init__(self, serve: str, folder: Path, hash_seed: int, first: tuple[Any, ...]) -> None:
        """The process is given the note that it writes when it crashes behind `first`."""
        self.pipe, theirs = Pipe()
        code = f"from subwarden.stateful_tests.cluster.child import {serve}; {serve}({theirs.fileno()}, {os.getpid()})"
        environment = {**os.environ, string_hash.VARIABLE: str(hash_seed)}
        paths = [str(Path(path).resolve()) for path in sys.path if path]
        environment["PYTHONPATH"] = os.pathsep.join(paths)  # that of the worker, so that the package is the one that was compared
        command = [sys.executable, "-P", "-c", code]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),), env=environment, cwd=folder, start_new_session=True
        )
        theirs.close()
        self._note = CrashNote()
        self.send((["", *paths], *first, self._note))

    def send(self, message: object) -> None:
        """Send a message. That it has died is seen when it is listened to."""
        with suppress(OSError):
            self.pipe.send(message)

    def said(self, host: Any, key: str) -> Iterator[tuple[str, Any]]:
        """What it says, as long as the task `key` of the Dask worker `host` is wanted. The last is ("lost", Death) once it has died."""
        while (task := host.state.tasks.get(key)) is not None and task.state == "executing":
            if not self.pipe.poll(LOOK_EVERY):
                continue
            try:
                message: tuple[str, Any] = self.pipe.recv()
            except (EOFError, OSError):
                message = "lost", self.died()
            yield message

    def died(self) -> Death:
        """How it died, once its pipe is at its end."""
        return self._note.died(self._process.wait())

    def close(self) -> None:
        """End it."""
        self._note.close()
        self._process.kill()
        self._process.wait()
        self.pipe.close()
