"""Reads a record that `--json` wrote."""

import json
from pathlib import Path
from typing import Any

from subwarden.files.bounded import text_of

LARGEST = 500_000_000  # bytes of a record
# raised by whatever reads a record that lacks a part, or has a wrong one
DAMAGED = (ArithmeticError, AttributeError, LookupError, RecursionError, StopIteration, TypeError, ValueError)


class BadRecord(Exception):
    """A file that holds no record; the message is the line to show."""


def read_record(path: str) -> Any:
    """The record in the file at `path`. Raises BadRecord."""
    from subwarden.reports.html.views import UnknownRecord, schema_of  # noqa: PLC0415  # see `cli.reporting.html`

    try:
        record = json.loads(text_of(Path(path), LARGEST))
    except OSError as error:
        raise BadRecord(f"cannot read {path}: {error.strerror}; give a file that --json wrote") from None
    except (ValueError, RecursionError):
        raise BadRecord(f"{path} is not JSON; give a file that --json wrote") from None
    if not isinstance(record, dict):
        raise BadRecord(f"{path} is no record of subwarden's: it is not a JSON object; give a file that --json wrote")
    try:
        schema_of(record)
    except UnknownRecord as error:
        raise BadRecord(f"{path} {error}; give a file that --json wrote") from None
    return record
