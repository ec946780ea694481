"""The console that reports are written to: as wide as the terminal, and plain where there is none."""

import os
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from subwarden.reports.printable import escape

WIDTH = 80  # columns, where there is no terminal


class ReportConsole(Console):
    """Raises BrokenPipeError when its reader has gone, as a stream does. A plain Console would end the process with a code of its own."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As a plain Console, with the text of others made printable: only the console's own control codes reach a terminal."""
        for segment in super().render(renderable, options):
            safe = segment.text if segment.control or segment.text.isprintable() else escape(segment.text)
            yield segment if safe is segment.text else Segment(safe, segment.style)

    @property
    def encoding(self) -> str:
        """That of the stream; ASCII where the locale is C: Python writes UTF-8 there, which the locale has no signs for."""
        return "ascii" if os.environ.get("LC_ALL") in ("C", "POSIX") else super().encoding

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console_for(stream: Any) -> Console:
    """A console as wide as the terminal, or `WIDTH` where there is none. Colours and boxes follow NO_COLOR, TERM and the encoding."""
    width = None if stream.isatty() else WIDTH
    return ReportConsole(file=stream, width=width, highlight=False, emoji=False)
