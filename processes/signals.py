"""Signals that end a command: Ctrl-C, and those of a service or container that is stopped, and of a terminal that closes.

They are remembered, since code of a subject may raise KeyboardInterrupt itself, which stops nobody.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import Any, Self

from subwarden.processes.watcher import finishes

CTRL_C = (signal.SIGINT,)
FROM_TERMINAL = (signal.SIGINT, signal.SIGHUP)
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_exit = os._exit  # bound before `scheduling.isolation` refuses it while a subject is loaded
SAME = 1.0  # seconds within which a signal is the same once more: one for the group, and the watcher's, which a busy machine delays
LAST = 4.5  # seconds after the first signal in which a command must have ended

Handler = Callable[[int, FrameType | None], Any]


class _Noticed:
    """Of this process. `depth`: contexts of `noticing` may be nested. `raises`: whether `raising` raises at once; `late`: it did not."""

    depth = 0
    signal = False
    raises = True
    late = False


_noticed = _Noticed()


def was_interrupted() -> bool:
    """Whether such a signal has come, so that a KeyboardInterrupt is the user's, whatever code of a subject has made of it."""
    return _noticed.signal


def _handles() -> bool:
    return threading.current_thread() is threading.main_thread()  # of which Python tells signals, and no other


@contextmanager
def noticing() -> Iterator[None]:
    """Remember a Ctrl-C that comes inside, also where somebody else handles it: Python, pytest, a notebook."""
    handler = signal.getsignal(signal.SIGINT)
    if not _handles() or not callable(handler):
        yield
        return
    if not _noticed.depth:
        _noticed.signal = False
    _noticed.depth += 1
    try:
        with _handled(CTRL_C, handler):
            yield
    finally:
        _noticed.depth -= 1


@contextmanager
def _handled(numbers: Iterable[signal.Signals], handler: Handler | signal.Handlers) -> Iterator[None]:
    def noting(number: int, frame: FrameType | None) -> None:
        _noticed.signal = True
        handler(number, frame)  # type: ignore[operator]  # mypy does not see that it is callable, below

    numbers = numbers if _handles() else ()
    before = [(number, signal.signal(number, noting if callable(handler) else handler)) for number in numbers]
    try:
        yield
    finally:
        for number, former in before:
            signal.signal(number, former)


@contextmanager
def interruptible(numbers: Iterable[signal.Signals], first: Callable[[], object] = lambda: None) -> Iterator[list[int]]:
    """A list that these signals fill, so that a search can end with a report of its findings; the first one also calls `first`. A second
    signal ends it at once.
    """
    interrupted: list[int] = []
    since = 0.0

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal since
        if interrupted:
            if monotonic() - since > SAME:
                raise KeyboardInterrupt
            return
        interrupted.append(number)
        since = monotonic()
        first()

    with _handled(_heard(numbers), handle):
        yield interrupted


@contextmanager
def raising(numbers: Iterable[signal.Signals], first: Callable[[], object]) -> Iterator[None]:
    """Each of these signals raises KeyboardInterrupt, as Ctrl-C does, and calls `first` before. For code that waits in our own calls."""
    since = -SAME

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal since
        if monotonic() - since <= SAME:
            return
        since = monotonic()
        first()
        _noticed.late = not _noticed.raises
        if _noticed.raises:
            raise KeyboardInterrupt

    with _handled(_heard(numbers), handle):
        yield


@contextmanager
def whole() -> Iterator[None]:
    """`raising` raises at the end of this: what is begun inside cannot be ended in its middle, such as other processes and threads."""
    _noticed.raises, _noticed.late = False, False
    try:
        yield
    finally:
        _noticed.raises = True
    if _noticed.late:
        raise KeyboardInterrupt


@contextmanager
def stoppable(command: str) -> Iterator[None]:
    """A signal ends `command`, also if the subject takes no exception for an answer. Elsewhere than in the main thread it does nothing."""
    if not _handles():
        yield
        return
    with LastResort(command, lambda: 2, "") as last, raising(ENDING, last.arm):
        yield


def _heard(numbers: Iterable[signal.Signals]) -> list[signal.Signals]:
    return [number for number in numbers if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]  # nohup means it


class LastResort:
    """Ends the process and its workers `LAST` seconds after `arm`, if it has not ended by itself: the subject's code may be busy for ever
    in the main thread, or a reader may not read. `code()`: the exit code then. `rest`: what else is said, such as where its findings are.
    """

    def __init__(self, command: str, code: Callable[[], int], rest: str = "; what it has found is told above and saved") -> None:
        self._said = f"{command}: stopped, without its report: it did not end within {LAST:g} s{rest}\n"
        self._code = code
        from multiprocessing import active_children  # noqa: PLC0415  # takes long, and short commands have no workers

        self._workers = active_children
        self._armed, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="last resort", daemon=True)  # a signal may come where none can be started

    def arm(self) -> None:
        """Begin to count."""
        self._armed.set()

    def _watch(self) -> None:
        self._armed.wait()
        if not self._over.wait(LAST):
            self._end()

    def _end(self) -> None:
        for process in self._workers():
            process.kill()
        os.write(2, self._said.encode())
        code = self._code()
        finishes()
        _exit(code)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._armed.set()
