"""Text that a subject prints: kept with its run, so that it can be shown with a finding, and kept out of the report's own output.

A gate plays a subject many thousand times, in several processes that share one standard output. While runs are made, `sys.stdout` and
`sys.stderr` are therefore replaced. A text that is written in a controlled loop, or while a subject is loaded, belongs to the run of that
loop. Bytes that are written past Python's streams, to the descriptors themselves, are not seen.
"""

import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any, TextIO, cast

from subwarden.scheduling.isolation import entry_points
from subwarden.scheduling.loop import ENTERED, ControlledLoop

LATEST = 400  # writes of a run that are kept: one call of print makes a few
LONGEST = 1_000  # characters of one
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # of an object: another one in every run


class _Captured:
    """Stands in for one standard stream. Handlers of module `logging` that a subject makes meanwhile may keep it for ever."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Keep `text` with the run, or pass it on where there is none."""
        loop = ENTERED.get(get_ident()) or entry_points.loading_loop()
        if loop is None:
            return self._stream.write(text)
        if loop.printed is None:
            loop.printed = deque(maxlen=LATEST)
        loop.printed.append(str(text)[:LONGEST])
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """As `write`, of each."""
        for line in lines:
            self.write(line)

    def isatty(self) -> bool:
        """Never a terminal: a subject must do the same wherever it runs."""
        return False

    @property
    def buffer(self) -> Any:
        """The stream's bytes, which are kept as text."""
        return _Bytes(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Bytes:
    """The `buffer` of a captured stream."""

    def __init__(self, text: _Captured) -> None:
        self._text = text

    def write(self, data: Any) -> int:
        """Keep `data`."""
        self._text.write(bytes(data).decode(errors="backslashreplace"))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._text._stream.buffer, name)


@contextmanager
def captured() -> Iterator[None]:
    """Around runs, and around the loading of a subject: the text that it prints is kept. May be nested."""
    before = sys.stdout, sys.stderr
    if not isinstance(before[0], _Captured):
        sys.stdout = cast(TextIO, _Captured(before[0]))
    if not isinstance(before[1], _Captured):
        sys.stderr = cast(TextIO, _Captured(before[1]))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def lines_of(loop: ControlledLoop, most: int = 10) -> list[str]:
    """The last `most` lines that were printed in the run of `loop`, after one that says how many there are before."""
    if loop.printed is None:
        return []
    lines = [ADDRESS.sub("", line.rstrip()) for line in "".join(loop.printed).splitlines()]
    if len(lines) <= most and len(loop.printed) < LATEST:
        return lines
    before = f"({len(lines) - most} lines before)" if len(loop.printed) < LATEST else "(many lines before)"
    return [before, *lines[-most:]]
