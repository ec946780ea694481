"""What a gate and a hunt write after their report: the page, or another form, of a record whose findings are replayed once more for it."""

import argparse
import sys

from subwarden.cli.options import write_json
from subwarden.cli.reporting.formats import write_format
from subwarden.cli.reporting.html import write_html
from subwarden.reports.record import GateRecord, HuntRecord
from subwarden.stateful_tests.runs.pictured.traced import add_traces


def write_pictures(options: argparse.Namespace, record: GateRecord | HuntRecord) -> None:
    """Write what `--html` and `--format` ask for. The record of `--json`, which is safe by now, gets the traces too. Raises CannotWrite."""
    if not options.html and not options.format:
        return
    add_traces(record["findings"])
    if options.html:
        write_html(options.html, record)
    if options.json:
        write_json(options.json, record)
    if options.format:
        write_format(options.format, record, sys.stdout)
