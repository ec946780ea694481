"""`subwarden report`: show a saved record (`--json FILE` of another verb) as a page, or in the form that another tool reads."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from subwarden.cli.options import output
from subwarden.cli.reporting.formats import FORMATS, write_format
from subwarden.cli.reporting.html import write_html

EXIT = "exit codes: 0 written, 3 usage or internal error"


class BadRecord(Exception):
    """A file that holds no record; the message is the line to show."""


class PrintSchema(argparse.Action):
    """Makes the schema only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from subwarden.reports.formats.schema import text  # noqa: PLC0415  # see `cli.reporting.html`

        sys.stdout.write(text())
        raise SystemExit(0)


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("report", help="show a saved record as a page", description=__doc__, epilog=EXIT)
    parser.add_argument("record", metavar="RUN.json", help="a record that --json wrote")
    parser.add_argument("--html", type=output, metavar="FILE", help="where to write the page (default: beside the record, as RUN.html)")
    parser.add_argument("--format", choices=sorted(FORMATS), help="write it in this form to the standard output, instead of a page")
    parser.add_argument("--schema", action=PrintSchema, nargs=0, help="print the JSON Schema of all records and exit")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the report. Returns 0. Raises BadRecord, CannotWrite."""
    record = read_record(options.record)
    path = options.html or (None if options.format else str(Path(options.record).with_suffix(".html")))
    try:
        if path is not None:
            write_html(path, record)
        if options.format:
            write_format(options.format, record, sys.stdout)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadRecord(f"{options.record} is damaged: {type(error).__name__}: {error}; make it again with --json") from None
    if path is not None and not options.format:
        sys.stdout.write(f"{path} is written; open it in a browser\n")
    return 0


def read_record(path: str) -> Any:
    """The record in the file at `path`. Raises BadRecord."""
    from subwarden.reports.html.views import UnknownRecord, schema_of  # noqa: PLC0415  # see `cli.reporting.html`

    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
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
