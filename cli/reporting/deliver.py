"""Hands out the outputs of a finished command. One that cannot be written costs neither the others nor the verdict's exit code."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from subwarden.cli.options import CannotWrite


def deliver(verb: str, *outputs: Callable[[], object]) -> None:
    """Write all `outputs`; for each that fails, one line to standard error. A reader that has gone is told nothing."""
    for output in outputs:
        try:
            output()
            sys.stdout.flush()
        except BrokenPipeError:
            let_go(sys.stdout)
        except CannotWrite as error:
            _say(f"subwarden {verb}: {error}\n")
        except OSError as error:
            let_go(sys.stdout)
            _say(unwritten(verb, error))


def unwritten(verb: str, error: OSError) -> str:
    """The line for a report that could not be written."""
    return f"subwarden {verb}: cannot write the report: {error.strerror}; free some disk space, or write it elsewhere\n"


def let_go(stream: TextIO) -> None:
    """Flush, or give up: text that was not taken would be written again at the end of the process, and make the exit code 120."""
    try:
        stream.flush()
    except OSError:
        with suppress(OSError, ValueError):  # no file, or closed
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _say(line: str) -> None:
    with suppress(OSError):
        sys.stderr.write(line)
        sys.stderr.flush()
