"""What ends a hunt from without: Ctrl-C, a service or a container that is stopped, a terminal that is closed."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def deaf() -> Iterator[None]:
    """Processes that are started here ignore what ends a hunt from their first moment: an ignored signal is inherited."""
    before = [(number, signal.signal(number, signal.SIG_IGN)) for number in ENDING]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def interruptible() -> Iterator[list[int]]:
    """A list that Ctrl-C and the like fill, so that a hunt can end by telling what it found. A second one ends it at once."""
    interrupted: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        if interrupted:
            raise KeyboardInterrupt
        interrupted.append(number)

    heard = [number for number in ENDING if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]  # nohup means it
    before = [(number, signal.signal(number, handle)) for number in heard]
    try:
        yield interrupted
    finally:
        for number, handler in before:
            signal.signal(number, handler)
