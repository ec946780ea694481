"""Progress of long work, on standard error: a bar on a terminal, a line every ten seconds in a pipe or CI.

What happens once (a finding, a worker that died) is a line of its own, at once, in both. On a terminal it stays above the bar.
"""

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text

from subwarden.cli.progress.line import Moment, plain_line, terminal_line
from subwarden.reports.layout.console import ReportConsole
from subwarden.reports.printable import escape

PLAIN_EVERY = 10.0  # seconds between two plain lines
A_SECOND = 4  # how often the bar is drawn
SURE = 1.0  # seconds after which the time left is said: a guess of the first moments says nothing


class ReportProgress(Protocol):
    """Called with what has been done so far; `now`: what is being done, where that needs saying. `findings`: how many there are, None
    where there are none to find; `more`: what is said where there is room.
    """

    findings: int | None
    more: Sequence[str]

    def __call__(self, count: int, done: int, parts: int, now: str = "", /) -> object: ...

    def say(self, line: str, /) -> None:
        """A line about an event."""

    def found(self, line: str, findings: int, /) -> None:
        """A line about a finding, with the time; there are so many `findings` now."""


@contextmanager
def progress(
    what: str, unit: str = "schedules", *, quiet: bool = False, budget: float | None = None, insist: bool = False
) -> Iterator[ReportProgress]:
    """Show how far the command `what` is, with its rate in `unit`s a second, and the time left; nothing if `quiet`. `budget`: the seconds
    after which it ends, if it does; else its parts say how far it is. `insist`: raise OSError where nobody reads; else the work goes on.
    Begin it before `runner.running`, which puts something else in the place of standard error.
    """
    console = ReportConsole(file=sys.stderr, highlight=False, emoji=False)  # not what a subject's prints are caught with meanwhile
    if quiet:
        yield _Silent()
    elif not sys.stderr.isatty() or console.is_dumb_terminal:
        yield _Plain(what, unit, budget, insist=insist)
    else:
        shown = _OnTerminal(what, unit, budget, console)
        with Live(get_renderable=shown.line, console=console, transient=True, refresh_per_second=A_SECOND):
            yield shown


class _Silent:
    findings: int | None = None
    more: Sequence[str] = ()

    def __call__(self, count: int, done: int, parts: int, now: str = "", /) -> None:
        """Show nothing."""

    def say(self, line: str, /) -> None:
        """Say nothing."""

    def found(self, line: str, findings: int, /) -> None:
        """Say nothing."""


class _Shown(ABC):
    """Knows how far the work is. A phase ends where there are other parts to do, or fewer of them are done."""

    def __init__(self, what: str, unit: str, budget: float | None) -> None:
        self.findings: int | None = None
        self.more: Sequence[str] = ()
        self._what = what
        self._unit = unit
        self._budget = budget
        self._began = self._phase = monotonic()
        self._at = (0, 0, 0, "")

    def __call__(self, count: int, done: int, parts: int, now: str = "", /) -> None:
        _, before, of, _ = self._at
        if done < before or parts != of:
            self._phase = monotonic()
        self._at = (count, done, parts, now)

    @abstractmethod
    def say(self, line: str, /) -> None:
        """See `ReportProgress`."""

    def found(self, line: str, findings: int, /) -> None:
        self.findings = findings
        self.say(f"found after {monotonic() - self._began:.1f} s: {line}")

    def moment(self) -> Moment:
        """How far it is now."""
        count, done, parts, now = self._at
        at = monotonic()
        seconds = at - self._began
        if self._budget is not None:
            share, left = min(seconds / self._budget, 1.0), max(self._budget - seconds, 0.0)
            return Moment(self._what, self._unit, share, count, seconds, self.findings, left, now, self.more)
        share, took = (done / parts if parts else 0.0), at - self._phase
        known = took * (1 - share) / share if share and took >= SURE else None
        return Moment(self._what, self._unit, share if parts else None, count, seconds, self.findings, known, now, self.more)


class _Plain(_Shown):
    def __init__(self, what: str, unit: str, budget: float | None, *, insist: bool) -> None:
        super().__init__(what, unit, budget)
        self._last = self._began
        self._stream = sys.stderr
        self._let_be = () if insist else (OSError,)  # nobody reads, or the disk is full

    def __call__(self, count: int, done: int, parts: int, now: str = "", /) -> None:
        super().__call__(count, done, parts, now)
        if monotonic() - self._last >= PLAIN_EVERY:
            self._last = monotonic()
            self._write(plain_line(self.moment()))

    def say(self, line: str, /) -> None:
        self._write(f"{self._what}: {line}")

    def _write(self, line: str) -> None:
        with suppress(*self._let_be):
            self._stream.write(f"{escape(line)}\n")
            self._stream.flush()


class _OnTerminal(_Shown):
    def __init__(self, what: str, unit: str, budget: float | None, console: Console) -> None:
        super().__init__(what, unit, budget)
        self._console = console

    def line(self) -> Text:
        """The bar, as wide as the terminal is now."""
        ascii_only = self._console.options.ascii_only
        return Text(terminal_line(self.moment(), self._console.width - 1, ascii_only=ascii_only), no_wrap=True)

    def say(self, line: str, /) -> None:
        self._console.print(Text(f"{self._what}: {line}"), soft_wrap=True)
