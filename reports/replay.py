"""What a replayed run shows: its table, and a line for each thing that it breaks; or one line where it holds now."""

from rich.console import Console
from rich.text import Text

from subwarden.reports.gate import run_table
from subwarden.reports.record import ReplayRecord


def write_replay(record: ReplayRecord, console: Console) -> None:
    """Write the record of a replay (`stateful_tests.runs.follow`)."""
    if record["verdict"] == "holds":
        steps = record["steps_run"]
        console.print(Text(f"subject {record['subject']}: the run holds now ({steps} steps); it was recorded for {record['recorded_for']}"))
        return
    console.print(run_table({"tasks": record["tasks"], "steps": record["steps"]}))
    for each in record["findings"]:
        console.print(Text(f"{each['property']} {each['title']}: {each['mechanism']}", style="bold red"))
