"""A row of the table: a command, the files and streams that it meets, and the answer that it must get."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple
from zlib import compress

from subwarden.stateful_tests.runs.replay import MARK


class Odd(Enum):
    """What stands in the place of a file."""

    FIFO = "a pipe to which nobody ever writes"
    FOLDER = "a folder"
    DANGLING = "a link to nothing"
    CIRCLE = "a link to itself"
    SOCKET = "a socket"
    ZERO = "a link to a device that never ends"


Text = str | bytes | Odd


class Row(NamedTuple):
    """`code`: the exit code that it must have, None for any documented one. `said`: text that the answer must have. `lines`: the most lines
    on standard error."""

    kind: str
    arguments: tuple[str, ...]
    files: dict[str, Text] = {}  # noqa: RUF012  # no row changes it
    code: int | None = 3
    said: str = ""
    stdin: str | bytes = ""
    environment: dict[str, str] = {}  # noqa: RUF012  # no row changes it
    lines: int = 1


DEEP = "[" * 50_000
LONG = "x" * 1_000_000
NASTY = (
    "",
    " ",
    "\udc80",
    "\x1b[31m",
    "\u202e",
    "../" * 500,
    "a\nb",
    "%s%n{0}",
    "[bold]",
    "x" * 5_000,
    "\U0001d4b3",
    "-",
    "--json",
    "None",
)
WRONG: tuple[Any, ...] = (None, True, -1, 1e99, 10**30, "", "\ud800", "\x1b[2J", [], {}, {"a": []}, [[]], [None])


def packed(data: Any) -> str:
    """A replay string of `data`."""
    return MARK + urlsafe_b64encode(compress(json.dumps(data).encode(), 9)).decode().rstrip("=")


def changed(data: Any, wrongs: tuple[Any, ...] = WRONG) -> Iterator[Any]:
    """`data` with one value in it replaced by each of `wrongs` in turn, or left out, or there twice: at every place."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield {name: other for name, other in data.items() if name != key}
            for other in [*wrongs, *changed(value, wrongs)]:
                yield {**data, key: other}
    elif isinstance(data, list):
        for at, value in enumerate(data):
            yield data[:at] + data[at + 1 :]
            yield [*data[:at], value, *data[at:]]
            for other in [*wrongs, *changed(value, wrongs)]:
                yield [*data[:at], other, *data[at + 1 :]]


def spread(rows: list[Any], count: int) -> list[Any]:
    """`count` of `rows`, evenly over all of them."""
    return [rows[at * len(rows) // count] for at in range(count)] if len(rows) > count else rows
