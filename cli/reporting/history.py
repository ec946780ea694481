"""`subwarden report --history FOLDER`: the trend of the gates or hunts whose records are in a folder, in the order of their names."""

import argparse
import sys
from pathlib import Path
from shlex import quote
from typing import Any

from subwarden.cli.reporting.deliver import deliver
from subwarden.cli.reporting.files import write_file, write_json
from subwarden.cli.reporting.reading import DAMAGED, BadRecord, read_record
from subwarden.reports.layout.console import console_for

PAGE = "trend.html"
BASELINE = "baseline.json"


def report_trend(options: argparse.Namespace, folder: Path) -> int:
    """Write the table and the page of the trend, and a line for each fall. Returns 1 with --fail-on-regression if there is one.

    Raises BadRecord, CannotWrite.
    """
    try:
        return _report(options, folder)
    except DAMAGED as error:
        raise BadRecord(f"a record in {folder} is damaged: {type(error).__name__}: {error}; make it again with --json") from None


def _report(options: argparse.Namespace, folder: Path) -> int:
    """The same. What it raises besides is a record's fault."""
    from subwarden.reports.html.page import page  # noqa: PLC0415  # see `cli.reporting.html`
    from subwarden.reports.html.trend import trend_view  # noqa: PLC0415
    from subwarden.reports.trend.points import compared, falls  # noqa: PLC0415
    from subwarden.reports.trend.text import write_trend  # noqa: PLC0415

    if not folder.is_dir():
        raise BadRecord(f"{folder} is no folder; write the records into one with `subwarden gate --json {quote(str(folder))}/DATE.json`")
    paths = sorted(path for path in folder.glob("*.json") if path.name != BASELINE)
    if not paths:
        raise BadRecord(f"{folder} has no records; write one a run with `subwarden gate --json {quote(str(folder))}/DATE.json`")
    records = [(path, read_record(str(path))) for path in paths]
    points = [_point(path, record) for path, record in records]
    stored = folder / BASELINE
    if options.set_baseline:
        write_json(str(stored), {**records[-1][1], "name": paths[-1].stem})
    baseline = None
    if stored.is_file():
        record = read_record(str(stored))
        baseline = _point(stored, record)._replace(name=f"the baseline {record.get('name', BASELINE)}")
        records.append((stored, record))
    subject = _one_subject(folder, records)
    before = compared(points, baseline)
    target = Path(options.html or folder / PAGE)
    write_file(target, page(trend_view(subject, points, before)))
    said = f"{stored} has {paths[-1].stem}, with which later runs are compared\n" if options.set_baseline else ""
    said += f"{target} is written; open it in a browser\n"
    deliver(options.verb, lambda: write_trend(points, before, console_for(sys.stdout)), lambda: sys.stdout.write(said))
    return 1 if falls(before, points[-1]) and options.fail_on_regression else 0


def _point(path: Path, record: Any) -> Any:
    from subwarden.reports.trend.points import point_of  # noqa: PLC0415

    try:
        return point_of(path.stem, record)
    except DAMAGED:
        raise BadRecord(f"{path} is no record of a gate or a hunt in Python, of which a trend is made; move it elsewhere") from None


def _one_subject(folder: Path, records: list[tuple[Path, Any]]) -> str:
    """The subject of all of them. Raises BadRecord."""
    subjects: dict[str, str] = {}
    for path, record in records:
        subjects.setdefault(str(record["subject"]), path.name)
    if len(subjects) > 1:
        (one, its), (other, their), *_ = subjects.items()
        raise BadRecord(f"{folder} has records of {one} ({its}) and of {other} ({their}); keep a folder for each subject")
    return next(iter(subjects))
