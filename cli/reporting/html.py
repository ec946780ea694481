"""The option `--html FILE` of several verbs: also write the report as one HTML file."""

import argparse
from pathlib import Path
from typing import Any

from subwarden.cli.options import CannotWrite, output
from subwarden.stateful_tests.runs.whole_file import write_whole


def add_html(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--html", type=output, metavar="FILE", help="also write the report as one HTML file, with a timeline of each finding"
    )


def write_html(path: str, record: Any) -> None:
    """Write the page of `record`. Raises CannotWrite."""
    from subwarden.reports.html.views import html_of  # noqa: PLC0415  # pages need networkx, which takes a tenth of a second to load

    try:
        write_whole(Path(path), html_of(record))
    except OSError as error:
        raise CannotWrite(f"cannot write {path}: {error.strerror}; give a file in a folder that exists") from None
