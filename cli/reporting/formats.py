"""`--format NAME`: a report in a form that another tool reads, on the standard output."""

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import subwarden
from subwarden.cli.options import CannotWrite

SUMMARY = "GITHUB_STEP_SUMMARY"  # GitHub Actions names the file of the step summary by it


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument("--format", choices=sorted(FORMATS), help="print the report in this form, instead of the tables")


def write_format(name: str, record: Any, out: TextIO) -> None:
    """Write `record` in the form `name` to `out`. Raises CannotWrite."""
    out.write(FORMATS[name](record))


def _junit(record: Any) -> str:
    from subwarden.reports.formats.judged import judged  # noqa: PLC0415
    from subwarden.reports.formats.junit import junit_of  # noqa: PLC0415  # a form is loaded when it is asked for

    return junit_of(judged(record))


def _sarif(record: Any) -> str:
    from subwarden.reports.formats.judged import judged  # noqa: PLC0415
    from subwarden.reports.formats.sarif import sarif_of  # noqa: PLC0415

    return sarif_of(judged(record), subwarden.__version__)


def _github(record: Any) -> str:
    """The annotations; the summary goes to the file that the runner names."""
    from subwarden.reports.formats.github import annotations_of, summary_of  # noqa: PLC0415
    from subwarden.reports.formats.judged import judged  # noqa: PLC0415

    of = judged(record)
    summary = os.environ.get(SUMMARY)
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(summary_of(of))
        except OSError as error:
            raise CannotWrite(f"cannot write {summary}, which {SUMMARY} names: {error.strerror}") from None
    return annotations_of(of)


def _mermaid(record: Any) -> str:
    from subwarden.reports.formats.judged import judged  # noqa: PLC0415
    from subwarden.reports.formats.mermaid import mermaid_of  # noqa: PLC0415

    return mermaid_of(judged(record))


def _json(record: Any) -> str:
    return json.dumps(record, indent=1) + "\n"


FORMATS: dict[str, Callable[[Any], str]] = {"github": _github, "json": _json, "junit": _junit, "mermaid": _mermaid, "sarif": _sarif}
