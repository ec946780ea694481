"""Reading files that others may have made: only regular ones, and only up to a size. A FIFO would be waited for, a device never ends.

Standard input is read up to a size, too.
"""

import errno
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any


def text_of(path: Path, largest: int) -> str:
    """The text of a regular file of at most `largest` bytes. Raises OSError with a `strerror` to tell, ValueError if it is no text."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        data = file.read(largest + 1)
    return _decoded(data, largest, str(path))


def object_of(path: Path, largest: int) -> dict[str, Any] | None:
    """The JSON object in such a file; None if it holds something else, or cannot be read."""
    try:
        data = json.loads(text_of(path, largest))
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def text_of_stdin(largest: int) -> str:
    """The same of standard input, of whatever kind it is."""
    return _decoded(sys.stdin.buffer.read(largest + 1), largest, "standard input")


def _decoded(data: bytes, largest: int, name: str) -> str:
    if len(data) > largest:
        raise OSError(errno.EFBIG, f"it is larger than {largest:,} bytes", name)
    return data.decode("utf-8")
