"""Signals that end a command: Ctrl-C, and for a hunt also those of a service or container that is stopped, and of a terminal that
closes.
"""

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

CTRL_C = (signal.SIGINT,)
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # a hunt


@contextmanager
def _handled(numbers: Iterable[signal.Signals], handler: "Callable[[int, FrameType | None], Any] | signal.Handlers") -> Iterator[None]:
    before = [(number, signal.signal(number, handler)) for number in numbers]
    try:
        yield
    finally:
        for number, former in before:
            signal.signal(number, former)


@contextmanager
def ignoring(numbers: Iterable[signal.Signals]) -> Iterator[None]:
    """Processes that are started here ignore these signals from their first moment: an ignored signal is inherited."""
    with _handled(numbers, signal.SIG_IGN):
        yield


@contextmanager
def interruptible(numbers: Iterable[signal.Signals]) -> Iterator[list[int]]:
    """A list that these signals fill, so that a search can end with a report of its findings. A second signal ends it at once."""
    interrupted: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        if interrupted:
            raise KeyboardInterrupt
        interrupted.append(number)

    heard = [number for number in numbers if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]  # nohup means it
    with _handled(heard, handle):
        yield interrupted
