"""`subwarden report`: show a saved record (`--json FILE` of another verb) as a page, or in the form that another tool reads."""

import argparse
import sys
from pathlib import Path
from typing import Any, NoReturn

from subwarden.cli.options import folder_path
from subwarden.cli.reporting.formats import FORMATS, write_format
from subwarden.cli.reporting.history import report_trend
from subwarden.cli.reporting.html import file_or_folder, is_folder, write_html
from subwarden.cli.reporting.reading import DAMAGED, BadRecord, read_record

EXIT = "exit codes: 0 written, 1 worse than before (--fail-on-regression), 3 usage or internal error"


class PrintSchema(argparse.Action):
    """Makes the schema only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from subwarden.reports.formats.schema import text  # noqa: PLC0415  # see `cli.reporting.html`

        sys.stdout.write(text())
        raise SystemExit(0)


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("report", help="show a saved record as a page", description=__doc__, epilog=EXIT)
    parser.add_argument("record", nargs="?", metavar="RUN.json", help="a record that --json wrote")
    parser.add_argument(
        "--history", type=folder_path, metavar="DIR", help="the trend of the gates or hunts whose records are in this folder"
    )
    parser.add_argument(
        "--html", type=file_or_folder, metavar="FILE", help="where to write the page (default: beside the record, as RUN.html)"
    )
    parser.add_argument("--format", choices=sorted(FORMATS), help="write it in this form to the standard output, instead of a page")
    parser.add_argument(
        "--set-baseline", action="store_true", help="with --history: keep the last run as DIR/baseline.json, and compare later runs with it"
    )
    parser.add_argument(
        "--fail-on-regression",
        action="store_true",
        help="with --history: exit code 1 if the last run is worse than the baseline (without one: than the run before)",
    )
    parser.add_argument("--schema", action=PrintSchema, nargs=0, help="print the JSON Schema of all records and exit")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the report. Returns the exit code. Raises BadRecord, CannotWrite."""
    folder = options.history
    if folder is None and options.record is not None and Path(options.record).is_dir():
        folder, options.record = Path(options.record), None
    if folder is not None:
        if options.record or options.format:
            raise BadRecord("--history writes a page and a table; leave RUN.json and --format out")
        return report_trend(options, folder)
    if options.record is None:
        raise BadRecord("give a record that --json wrote, or --history DIR")
    if options.set_baseline or options.fail_on_regression:
        raise BadRecord("--set-baseline and --fail-on-regression belong to --history DIR")
    record = read_record(options.record)
    path = options.html or (None if options.format else str(Path(options.record).with_suffix(".html")))
    try:
        if path is not None:
            write_html(path, record)
        if options.format:
            write_format(options.format, record, sys.stdout)
    except DAMAGED as error:
        raise BadRecord(f"{options.record} is damaged: {type(error).__name__}: {error}; make it again with --json") from None
    if path is not None and not options.format:
        sys.stdout.write(f"{path} is written; open {'its index.html' if is_folder(path) else 'it'} in a browser\n")
    return 0
