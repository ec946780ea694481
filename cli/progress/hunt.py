"""Progress of a hunt, on standard error: one changing line on a terminal, a plain line now and then in a pipe or CI."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.status import Status

from subwarden.checking.causes import Cause
from subwarden.cli.progress.bar import PLAIN_EVERY
from subwarden.reports.coverage import percent
from subwarden.stateful_tests.hunt.listener import Listener
from subwarden.stateful_tests.hunt.work import Kept, Totals

TERMINAL_EVERY = 1.0


@contextmanager
def watching(what: str) -> Iterator[Listener]:
    """A listener that writes the state of the hunt, and every finding, after the name of the command `what`."""
    console = Console(stderr=True, highlight=False, emoji=False)
    if not sys.stderr.isatty():
        yield _Plain(what)
        return
    with console.status(what) as status:
        yield _OnTerminal(what, console, status)


def said(totals: Totals, findings: Mapping[Cause, Kept], schedules: int, seconds: float, workers: int) -> str:
    """The state of a hunt in a line; `seconds` and `schedules` are of this session."""
    whole = totals.whole
    parts = [
        f"{schedules / max(seconds, 1e-9):,.0f} schedules/s",
        f"{whole.schedules:,} schedules of {whole.programs:,} programs",
        f"{totals.distinct():,} end states",
        f"{len(findings)} finding{'s' * (len(findings) != 1)}",
        f"chance that the next is new {percent(totals.chance_of_new())}",
        f"best strategy {totals.best_strategy() or '-'}",
        f"{workers} worker{'s' * (workers != 1)}",
        f"{seconds:.0f} s",
    ]
    return ", ".join(parts)


class _Plain:
    def __init__(self, what: str, every: float = PLAIN_EVERY) -> None:
        self._what = what
        self._every = every
        self._last = monotonic()

    def progress(self, totals: Totals, findings: Mapping[Cause, Kept], schedules: int, seconds: float, workers: int) -> None:
        if monotonic() - self._last >= self._every:
            self._last = monotonic()
            self.show(f"{self._what}: {said(totals, findings, schedules, seconds, workers)}")

    def show(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    def say(self, line: str) -> None:
        sys.stderr.write(f"{self._what}: {line}\n")
        sys.stderr.flush()


class _OnTerminal(_Plain):
    def __init__(self, what: str, console: Console, status: Status) -> None:
        super().__init__(what, TERMINAL_EVERY)
        self._console = console
        self._status = status

    def show(self, line: str) -> None:
        self._status.update(line)

    def say(self, line: str) -> None:
        self._console.print(f"{self._what}: {line}", markup=False)
