"""`subwarden subjects`: what can be checked without writing a line."""

import argparse
import sys
from typing import Any

from rich.table import Table

from subwarden.impl.subjects import DEFAULT, SUBJECTS
from subwarden.reports.gate import console_for


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("subjects", help="list the built-in subjects", description=__doc__)
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """List the built-in subjects, and say how to name one's own."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for subject in SUBJECTS.values():
        table.add_row(subject.name, subject.description + (" (default)" if subject.name == DEFAULT else ""))
    console = console_for(sys.stdout)
    console.print(table)
    console.print("Your own: --subject path/to/file.py:Factory or --subject package.module:Factory; see docs/bring-your-own.md")
    console.print("In any language: --subject exec:COMMAND; see docs/exec-protocol.md")
    return 0
