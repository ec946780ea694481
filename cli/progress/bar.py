"""Progress of long work, on standard error: a bar on a terminal, a plain line now and then in a pipe or CI.

What happens once (a finding, a worker that died) is a line of its own, at once, in both.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

PLAIN_EVERY = 10.0  # seconds between two plain lines


class ReportProgress(Protocol):
    """Called with what has been done so far; `now`: what is being done, where that needs saying."""

    def __call__(self, schedules: int, done: int, parts: int, now: str = "", /) -> object: ...

    def say(self, line: str, /) -> None:
        """A line about an event."""


@contextmanager
def progress(what: str, unit: str = "schedules", *, quiet: bool = False) -> Iterator[ReportProgress]:
    """Show how far the command `what` is, with its rate in `unit`s a second, and the time left; nothing if `quiet`."""
    if quiet:
        yield _Silent()
        return
    if not sys.stderr.isatty():
        yield _Plain(what, unit)
        return
    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True, highlight=False, emoji=False)
    with Progress(*columns, console=console, transient=True) as bar:
        yield _OnTerminal(what, unit, console, bar, bar.add_task(what, total=None, rate=""))


class _Silent:
    def __call__(self, schedules: int, done: int, parts: int, now: str = "", /) -> None:
        """Show nothing."""

    def say(self, line: str, /) -> None:
        """Say nothing."""


class _Plain:
    def __init__(self, what: str, unit: str) -> None:
        self._what = what
        self._unit = unit
        self._began = self._last = monotonic()

    def __call__(self, schedules: int, done: int, parts: int, now: str = "", /) -> None:
        at = monotonic()
        if at - self._last >= PLAIN_EVERY:
            self._last = at
            did = f"{now}, {done} of {parts} findings" if now else f"{self._rate(schedules)}, {done} of {parts} parts"
            self.say(f"{did} done, {at - self._began:.0f} s")

    def say(self, line: str, /) -> None:
        with suppress(OSError):  # nobody reads, or the disk is full: the work goes on, and so does its report
            sys.stderr.write(f"{self._what}: {line}\n")
            sys.stderr.flush()

    def _rate(self, schedules: int) -> str:
        return f"{schedules:,} {self._unit}, {schedules / max(monotonic() - self._began, 1e-9):,.0f}/s"


class _OnTerminal(_Plain):
    def __init__(self, what: str, unit: str, console: Console, bar: Progress, task: TaskID) -> None:
        super().__init__(what, unit)
        self._console = console
        self._bar = bar
        self._task = task

    def __call__(self, schedules: int, done: int, parts: int, now: str = "", /) -> None:
        self._bar.update(self._task, completed=done, total=parts, rate=now or self._rate(schedules))

    def say(self, line: str, /) -> None:
        self._console.print(f"{self._what}: {line}", markup=False, soft_wrap=True)
