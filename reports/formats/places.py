"""Where a finding is in the subject's code, for tools that show it beside the line."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from subwarden.reports.html.view import FindingView


class Place(NamedTuple):
    """A line of a file, named from the folder in which the command was run."""

    file: str
    line: int

    def at(self) -> str:
        """`path:line`, which terminals and editors open."""
        return f"{self.file}:{self.line}"


def place_of(text: str | None) -> Place | None:
    """The place that reports name as `path:line`; None for any other text, and for code that was made at run time."""
    file, _, line = (text or "").rpartition(":")
    return Place(file, int(line)) if file and line.isdecimal() and int(line) and not file.startswith("<") else None


def place_of_row(row: Any) -> Place | None:
    """The place at which the task of a step raised, or was suspended."""
    return place_of(row.get("raised_at") or row["at"])


def told_at(finding: FindingView) -> Place | None:
    """The place that the run or its trace names, else the last at which the task that broke the property raised or was suspended, else
    any task.
    """
    if finding.run is not None and (raised := place_of(finding.run.get("at"))) is not None:
        return raised
    trace = None if finding.run is None else finding.run.get("trace")
    if trace is not None and (at := place_of(trace.get("subject_at"))) is not None:
        return at
    return None if finding.run is None else place_in(finding.run["steps"])


def place_in(steps: Sequence[Any]) -> Place | None:
    """The last place at which the task that broke the property raised or was suspended, or else any task, in the steps of a run."""
    broken = next((at for at, row in enumerate(steps) if row["broken"]), len(steps) - 1)
    told = [(row["task"], place_of_row(row)) for row in reversed(steps[: broken + 1])]
    rows = [(task, at) for task, at in told if at is not None]
    own = [at for task, at in rows if task == steps[broken]["task"]]
    return next(iter(own or [at for _, at in rows]), None)


def file_of(subject: str) -> Place | None:
    """The file of a subject that is given as `path/to/file.py:Factory`."""
    file, _, _ = subject.rpartition(":")
    return Place(file, 1) if file.endswith(".py") else None
