"""Output files: written whole or not at all, and one line where that cannot be."""

import json
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from subwarden.cli.options import CannotWrite
from subwarden.files.whole_file import write_whole


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """What is done inside writes `path`: an OSError is told as CannotWrite."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(f"cannot write {path}: {error.strerror}; give a file in a folder that exists") from None


def write_file(path: str | Path, text: str) -> None:
    """Write `text`. Raises CannotWrite."""
    with writing(path):
        write_whole(Path(path), text)


def write_json(path: str, record: Any) -> None:
    """Write a record as JSON. Raises CannotWrite."""
    write_file(path, json.dumps(record, indent=1) + "\n")


def write_script(path: str, script: str | None, doubt: str | None) -> str:
    """Write the script of a run, if there is one. Returns a line that says how running it ended; `doubt`: why it is no evidence, or why
    there is none. Raises CannotWrite."""
    if script is None:
        return f"plain asyncio: no script ({doubt})"
    write_file(path, script)
    if doubt:
        return f"plain asyncio: {path} is written, but does not fail ({doubt})"
    return f"plain asyncio: {path} is written; it was run and fails on the stock event loop of Python {platform.python_version()}"
