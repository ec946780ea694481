"""Hands out the outputs of a finished command. One that cannot be written costs neither the others nor the verdict's exit code."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from errno import ENOSPC
from typing import TextIO

from subwarden.cli.options import CannotWrite
from subwarden.cli.reporting.say import say


def deliver(verb: str, *outputs: Callable[[], object]) -> None:
    """Write all `outputs`; for each that fails, one line to standard error. A reader that has gone is told nothing."""
    for output in outputs:
        try:
            output()
            sys.stdout.flush()
        except BrokenPipeError:
            let_go(sys.stdout)
        except CannotWrite as error:
            say(f"subwarden {verb}: {error}\n")
        except OSError as error:
            let_go(sys.stdout)
            say(unwritten(verb, error))


def unwritten(verb: str, error: OSError) -> str:
    """The line for a report that could not be written."""
    command = f"subwarden {verb}" if verb else "subwarden"
    return f"{command}: cannot write the report: {error.strerror}; free some disk space, or write it elsewhere\n"


def let_go(stream: TextIO) -> OSError | None:
    """Flush, or give up: text that was not taken would be written again at the end of the process, and make the exit code 120.

    Returns the error if the text was lost on a full disk; a reader that has gone misses none.
    """
    try:
        stream.flush()
    except OSError as error:
        with suppress(OSError, ValueError):  # no file, or closed
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return error if error.errno == ENOSPC else None
    return None
