"""The rows of a scenario's run in the shape of a program's: timelines and places of findings are made from those."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from subwarden.reports.records.exploration import ScenarioLine, ScenarioRow
from subwarden.reports.records.finding import StepRow


def scenario_steps(rows: Sequence[ScenarioRow]) -> list[StepRow]:
    """The rows of a scenario's run as a timeline has them."""
    return [_row(row) for row in rows]


def with_paths(rows: Sequence[StepRow], scenario: str) -> list[StepRow]:
    """The same rows, whose lines name a file alone, with the path by which the file of `scenario` was named."""
    file = scenario.rpartition(":")[0]
    beside = f"{PurePosixPath(file).name}:"
    return [
        {**row, "at": f"{file}:{row['at'].removeprefix(beside)}"} if row["at"] and row["at"].startswith(beside) else row for row in rows
    ]


def _row(row: ScenarioRow) -> StepRow:
    lines: Sequence[str] = [_line(line) for line in row["lines"]]
    deviates = [row["deviates"]] if row["deviates"] else []
    at = row["lines"][-1]["at"] if row["lines"] else None
    return {"step": row["step"], "task": row["task"], "did": [*row["did"], *lines], "at": at, "changed": deviates, "broken": []}


def _line(line: ScenarioLine) -> str:
    return f"{line['at']}  {line['source']}" + (f"  -> raises {line['raises']}" if "raises" in line else "")
