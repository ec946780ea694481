"""Says a line on standard error. Where nobody reads it, or the disk is full, the command goes on: its exit code says enough."""

import sys
from contextlib import suppress


def say(line: str) -> None:
    """Write `line`, which ends with a newline."""
    with suppress(OSError):
        sys.stderr.write(line)
        sys.stderr.flush()
