"""`subwarden subjects`: list the built-in subjects."""

import argparse
import sys
from typing import Any

from subwarden.cli.options import EXIT_CODES
from subwarden.impl.subjects import DEFAULT, SUBJECTS
from subwarden.reports.layout.console import console_for
from subwarden.reports.layout.wrapping import columns, write_line


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("subjects", help="list the built-in subjects", description=__doc__, epilog=EXIT_CODES)
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """List the built-in subjects, and how to name one of your own."""
    console = console_for(sys.stdout)
    console.print(columns((each.name, each.description + " (default)" * (each.name == DEFAULT)) for each in SUBJECTS.values()))
    write_line("your own: --subject path/to/file.py:Factory or --subject package.module:Factory", console)
    write_line("in any language: --subject exec:COMMAND", console)
    return 0
