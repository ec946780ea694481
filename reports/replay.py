"""Writes the report of a replay: the run's table and the properties that it violates, or one line if it holds now."""

from rich.console import Console
from rich.text import Text

from subwarden.reports.gate import write_cause
from subwarden.reports.layout.printed import write_printed
from subwarden.reports.layout.run_table import run_table
from subwarden.reports.records.replay import ReplayRecord, why_recorded


def write_replay(record: ReplayRecord, console: Console) -> None:
    """Write the report of a replay."""
    if record["verdict"] == "holds":
        steps = record["steps_run"]
        console.print(
            Text(f"subject {record['subject']}: the run holds now ({steps} steps); {why_recorded(record['recorded_for'])}"),
            soft_wrap=True,
        )
        write_printed(record.get("printed", ()), console)
        return
    console.print(run_table({"tasks": record["tasks"], "steps": record["steps"]}, console.width))
    write_printed(record.get("printed", ()), console)
    for each in record["findings"]:
        write_cause(each, console)
