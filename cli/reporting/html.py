"""The option `--html` of several verbs: also write the report as one HTML file, or as a folder with a page for each finding."""

import argparse
import os
from pathlib import Path
from typing import Any

from subwarden.cli.options import output
from subwarden.cli.reporting.files import write_file, writing


def add_html(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--html",
        type=file_or_folder,
        metavar="FILE",
        help="also write the report as one HTML file, with a timeline of each finding; FOLDER/: an index, and a page for each finding",
    )


def file_or_folder(text: str) -> str:
    """The path of an output file; or of a folder, by a slash at its end, or because it is there."""
    if not is_folder(text):
        return output(text)
    path = Path(text)
    if path.is_file() or not path.parent.is_dir() or not os.access(path if path.is_dir() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"cannot write the folder {text!r}; give one whose parent exists and may be written")
    return text


def write_html(path: str, record: Any) -> None:
    """Write the page of `record`, or its pages. Raises CannotWrite."""
    from subwarden.reports.html.views import html_of, pages_of  # noqa: PLC0415  # pages need networkx, which takes a tenth of a second

    if not is_folder(path):
        write_file(path, html_of(record))
        return
    with writing(path):
        Path(path).mkdir(exist_ok=True)
    for name, text in pages_of(record).items():
        write_file(Path(path) / name, text)


def is_folder(path: str) -> bool:
    """Whether an output path names a folder."""
    return path.endswith("/") or Path(path).is_dir()
