"""The report of a tour: the transitions that were compared, the first difference in full, and the others by kind."""

from rich.console import Console
from rich.text import Text

from subwarden.reports.gate import COLOURS
from subwarden.reports.layout.wrapping import bare_table, write_line, write_searchable
from subwarden.reports.records.proof import TourRecord


def write_tour(record: TourRecord, console: Console, *, timings: bool = True) -> None:
    """Write the report of a tour. `timings=False` leaves out the time it took."""
    if record["differences"]:
        _differences(record, console)
    took = f", in {record['seconds']:.1f} s" if timings else ""
    graph = f"{record['states']:,} states, {record['transitions']:,} transitions"
    write_searchable(f"model graph: {record['scope']}: {graph}", console)
    console.print(Text(f"tour: {record['calls']:,} calls in {record['runs']:,} runs{took}"))
    if record["stopped"]:
        console.print("Stopped early: the report covers the transitions played so far.")
    verdict = record["verdict"]
    counts = [f"{record['compared']:,} of {record['transitions']:,} transitions compared"]
    counts += [f"{len(record['differences']):,} differ"] if record["differences"] else []
    unreachable = sum(record["unreachable"].values())
    counts += [f"{unreachable:,} out of reach behind a difference"] if unreachable else []
    write_searchable(f"subject {record['subject']}: {verdict} ({', '.join(counts)})", console, f"bold {COLOURS[verdict]}")


def _differences(record: TourRecord, console: Console) -> None:
    first = record["differences"][0]
    console.print(Text("first difference from the model", style="bold red"))
    for name, text in (("in state", first["state"]), ("call", first["request"]), ("result", first["said"])):
        write_line(f"  {name.ljust(8)}  {text}", console)
    table = bare_table()
    table.add_column("transition", overflow="fold")
    for column in ("agree", "differ"):
        table.add_column(column, justify="right")
    for kind, count in record["differed"].items():
        table.add_row(kind, f"{record['agreed'].get(kind, 0):,}", f"{count:,}")
    console.print()
    console.print(table)
    console.print()
