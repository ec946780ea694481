"""How a worker died, in words: the signal, and for a crash in native code the line of the subject that called it.

Python's fault handler writes that line to a file, which the worker's parent reads when the worker is gone.
"""

import faulthandler
import re
import signal
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir
from uuid import uuid4

from subwarden.checking.place import place
from subwarden.scheduling.uncontrolled import is_library
from subwarden.stateful_tests.exploring.black_box import LastRun, read

CRASHES = tuple(getattr(signal, name) for name in "SIGSEGV SIGBUS SIGFPE SIGILL SIGABRT".split() if hasattr(signal, name))
FRAME = re.compile(r'^  File "(.*)", line (\d+) in ', re.MULTILINE)
BY_OTHERS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Death:
    """How a worker died, in words. `by_itself`: nobody else can have ended it, so the code that it ran has; `run`: the run that it was in,
    where that was written down.
    """

    said: str
    by_itself: bool = False
    run: LastRun | None = None

    def __str__(self) -> str:
        return self.said


class CrashNote:
    """The file of one worker, known to it and to its parent. Where it cannot be written, the line stays unknown."""

    def __init__(self) -> None:
        self._path = Path(gettempdir()) / f"subwarden-crash-{uuid4().hex}"
        self.black_box = self._path.with_suffix(".run")

    def listen(self) -> None:
        """In the worker: a crash is noted from now on."""
        with suppress(OSError):
            faulthandler.enable(self._path.open("w", encoding="utf-8"), all_threads=False)

    def died(self, code: int | None) -> Death:
        """In the parent: how the worker died, from its exit code as Python gives it; None: it still runs."""
        run = read(self.black_box)
        return replace(self.told(code, self.close()), run=run)

    @staticmethod
    def told(code: int | None, text: str = "") -> Death:
        """How a process died, from its exit code as Python gives it, and the text of its note."""
        if code is None or code >= 0:
            return Death("stopped answering") if code is None else Death(f"ended with exit code {code}", by_itself=True)
        number = -code
        name = signal.Signals(number).name if number in {each.value for each in signal.Signals} else f"signal {number}"
        if number not in CRASHES:
            return Death(f"was killed ({name}: by somebody, or for want of memory)", by_itself=number not in BY_OTHERS)
        frames = [(file, int(line)) for file, line in FRAME.findall(text) if not is_library(file)]
        where = f" that {place(*frames[0])} called" if frames else ""
        return Death(f"was killed by {name}, a crash in native code{where}", by_itself=True)

    def close(self) -> str:
        """Remove the file; returns its text."""
        text = ""
        with suppress(OSError):
            text = self._path.read_text(encoding="utf-8", errors="replace")
        for path in (self._path, self.black_box):
            with suppress(OSError):
                path.unlink()
        return text
