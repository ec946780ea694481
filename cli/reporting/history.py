"""`subwarden report FOLDER`: the trend of the gates or hunts whose records are in a folder, in the order of their names."""

import argparse
import sys
from pathlib import Path

from subwarden.cli.options import CannotWrite
from subwarden.cli.reporting.reading import BadRecord, read_record

PAGE = "trend.html"


def report_trend(options: argparse.Namespace) -> int:
    """Write the page of the trend, and a line for each fall. Returns 1 with --fail-on-regression if there is one. Raises BadRecord,
    CannotWrite.
    """
    from subwarden.reports.html.page import page  # noqa: PLC0415  # see `cli.reporting.html`
    from subwarden.reports.html.trend import TrendPoint, falls, point_of, trend_view  # noqa: PLC0415

    folder = Path(options.record)
    points: list[TrendPoint] = []
    subjects: dict[str, str] = {}
    for path in sorted(folder.glob("*.json")):
        record = read_record(str(path))
        try:
            points.append(point_of(path.stem, record))
            subjects.setdefault(record["subject"], path.name)
        except (KeyError, TypeError, AttributeError):
            raise BadRecord(f"{path} is no record of a gate or a hunt in Python, of which a trend is made; move it elsewhere") from None
    if not points:
        raise BadRecord(f"{folder} has no records; write one a run with `subwarden gate --json {folder}/DATE.json`")
    if len(subjects) > 1:
        (one, its), (other, their), *_ = subjects.items()
        raise BadRecord(f"{folder} has records of {one} ({its}) and of {other} ({their}); keep a folder for each subject")
    target = Path(options.html or folder / PAGE)
    try:
        target.write_text(page(trend_view(next(iter(subjects)), points)), encoding="utf-8")
    except OSError as error:
        raise CannotWrite(f"cannot write {target}: {error.strerror}; give a file in a folder that exists") from None
    fallen = falls(points)
    sys.stdout.write("".join(f"worse: {line}\n" for line in fallen) or "no worse than the run before\n")
    sys.stdout.write(f"{target} is written; open it in a browser\n")
    return 1 if fallen and options.fail_on_regression else 0
