"""The outputs that every verb with a record offers, and hands out in one way: its tables, `--json`, `--html` and `--format`."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from subwarden.cli.options import output
from subwarden.cli.reporting.deliver import deliver
from subwarden.cli.reporting.files import write_json
from subwarden.cli.reporting.formats import add_format, write_format
from subwarden.cli.reporting.html import add_html, write_html


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Add the options `--json`, `--html` and `--format`."""
    parser.add_argument("--json", type=output, metavar="FILE", help="also write the record as JSON")
    add_html(parser)
    add_format(parser)


def write_outputs(
    options: argparse.Namespace,
    record: Any,
    tables: Callable[[], object],
    *notes: Callable[[], object],
    picture: Callable[[], object] | None = None,
) -> None:
    """Hand out what `options` ask for. `tables` prints the report; a form of `--format` takes its place. `notes` follow the tables in any
    case. `picture` adds to `record` what pages and forms show beside the tables; the record of `--json` is safe before that begins.
    """
    outputs = [*([] if options.format else [tables]), *notes]
    outputs += [lambda: write_json(options.json, record)] if options.json else []
    deliver(options.verb, *outputs, lambda: _write_pictured(options, record, picture))


def _write_pictured(options: argparse.Namespace, record: Any, picture: Callable[[], object] | None) -> None:
    if not options.html and not options.format:
        return
    if picture is not None:
        picture()
        if options.json:
            write_json(options.json, record)
    outputs: list[Callable[[], object]] = [lambda: write_html(options.html, record)] if options.html else []
    outputs += [lambda: write_format(options.format, record, sys.stdout)] if options.format else []
    deliver(options.verb, *outputs)
