"""The console that reports are written to: as wide as the terminal, and plain where there is none."""

from typing import Any

from rich.console import Console

WIDTH = 80  # columns, where there is no terminal


class ReportConsole(Console):
    """Raises BrokenPipeError when its reader has gone, as a stream does. A plain Console would end the process with a code of its own."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console_for(stream: Any) -> Console:
    """A console as wide as the terminal, or `WIDTH` where there is none. Colours and boxes follow NO_COLOR, TERM and the encoding."""
    width = None if stream.isatty() else WIDTH
    return ReportConsole(file=stream, width=width, highlight=False, emoji=False)
