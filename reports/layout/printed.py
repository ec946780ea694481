"""Writes the text that a subject printed in a run, short, below the run."""

from collections.abc import Sequence

from rich.console import Console

from subwarden.reports.layout.wrapping import write_line
from subwarden.reports.printable import printable

LONGEST = 200  # characters of a line


def write_printed(lines: Sequence[str], console: Console) -> None:
    """Write `lines`, if there are any, under a heading."""
    if lines:
        write_line("printed in this run:", console)
    for line in lines:
        write_line(f"  {printable(line, LONGEST)}", console)
