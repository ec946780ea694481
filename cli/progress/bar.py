"""Progress of long work, on standard error: a bar on a terminal, a plain line now and then in a pipe or CI."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

PLAIN_EVERY = 10.0  # seconds between two plain lines


class ReportProgress(Protocol):
    """Called with what has been done so far."""

    def __call__(self, schedules: int, done: int, parts: int, /) -> object: ...


@contextmanager
def progress(what: str, unit: str = "schedules") -> Iterator[ReportProgress]:
    """Show how far the command `what` is, with its rate in `unit`s a second, and the time left."""
    began = monotonic()
    if not sys.stderr.isatty():
        yield _plain(what, unit, began)
        return
    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, rate="")

        def report(schedules: int, done: int, parts: int, /) -> None:
            rate = schedules / max(monotonic() - began, 1e-9)
            bar.update(task, completed=done, total=parts, rate=f"{schedules:,} {unit}, {rate:,.0f}/s")

        yield report


def _plain(what: str, unit: str, began: float) -> ReportProgress:
    last = began

    def report(schedules: int, done: int, parts: int, /) -> None:
        nonlocal last
        now = monotonic()
        if now - last >= PLAIN_EVERY:
            last = now
            rate = schedules / (now - began)
            sys.stderr.write(f"{what}: {schedules:,} {unit}, {rate:,.0f}/s, {done} of {parts} parts done, {now - began:.0f} s\n")
            sys.stderr.flush()

    return report
