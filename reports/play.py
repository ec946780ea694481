"""Writes the report of a program that a user wrote: the findings as a gate writes them, then the verdict."""

from rich.console import Console

from subwarden.model.words import counted
from subwarden.reports.gate import COLOURS, write_finding
from subwarden.reports.layout.wrapping import write_line, write_searchable
from subwarden.reports.records.gate import PlayRecord


def write_play(record: PlayRecord, console: Console, *, portable: bool = True) -> None:
    """Write the report of a play. `portable`: as in `reports.gate.write_gate`."""
    for finding in record["findings"]:
        write_finding(finding, console, portable=portable)
    for doubt in record["doubts"]:
        write_line(f"doubt: {doubt}", console, "yellow")
    operations = sum(len(task["operations"]) for task in record["tasks"])
    schedules = sum(check["schedules"] for check in record["checks"])
    ran = f"{counted(operations, 'operation')} under {schedules:,} schedules"
    found = len(record["findings"])
    said = counted(found, "finding") if found else "no violation"
    write_searchable(f"subject {record['subject']}: {said} ({ran})", console, f"bold {COLOURS[record['verdict']]}")
