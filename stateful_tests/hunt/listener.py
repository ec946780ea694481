"""Listeners of a hunt: they are told how it goes."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from subwarden.checking.causes import Cause
from subwarden.stateful_tests.hunt.work import Kept, Totals


class Listener(Protocol):
    """Is told how a hunt goes."""

    def progress(self, totals: Totals, findings: Mapping[Cause, Kept], schedules: int, seconds: float, workers: int) -> None:
        """Called a few times a second. `schedules` and `seconds` are those of this session."""

    def say(self, line: str) -> None:
        """A line about an event: a finding, a worker that died."""


class Reader:
    """A listener whose output somebody may read, and stop reading: that ends a hunt as Ctrl-C does."""

    def __init__(self, listener: Listener) -> None:
        self.gone = False
        self._listener = listener

    def progress(self, totals: Totals, findings: Mapping[Cause, Kept], schedules: int, seconds: float, workers: int) -> None:
        self._tell(partial(self._listener.progress, totals, findings, schedules, seconds, workers))

    def say(self, line: str) -> None:
        self._tell(partial(self._listener.say, line))

    def _tell(self, telling: Callable[[], None]) -> None:
        if self.gone:
            return
        try:
            telling()
        except OSError:  # the reader has gone, or its disk is full
            self.gone = True
