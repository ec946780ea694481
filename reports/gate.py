"""Writes the report of a gate: every finding as a table with a column a task and a row a step, the checks, their coverage, the verdict."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from subwarden.reports.coverage import POINTS, write_complete, write_coverage, write_ends
from subwarden.reports.record import AdapterRecord, BrokenRecord, FindingRecord, GateCoverageRecord, GateRecord, RunRecord

NAMED = 2  # names in a line of what never fired: a gate has many such lines
COLOURS = {"holds": "green", "violated": "red", "inconclusive": "yellow"}
STOPPED = "Stopped early: the report covers the work done until then. Run the same command again for the whole search."
ORDERS = {
    "fifo": "order fifo: happens on stock asyncio",
    "any": "order any: happens on other event loops or with threads; not seen in fifo",
}

LANES = 6  # tasks that have a column each


def write_gate(record: GateRecord, console: Console, *, timings: bool = True) -> None:
    """Write the report of a gate. `timings=False` leaves out all that differs from run to run."""
    for finding in record["findings"]:
        write_finding(finding, console)
    console.print(_checks(record, timings=timings))
    _coverage(record["coverage"], console)
    write_not_judged(record, console)
    for doubt in record["doubts"]:
        console.print(f"[yellow]doubt:[/] {escape(doubt)}")
    console.print(_summary(record))
    if record["stopped"]:
        console.print(STOPPED)


def write_not_judged(record: AdapterRecord, console: Console) -> None:
    """Write the properties and operations of an adapter that were not judged, and why."""
    for name, reason in record.get("off", {}).items():
        console.print(Text(f"switched off: {name} ({reason})"), soft_wrap=True)
    for absent in record.get("not_played", ()):
        console.print(Text(f"not judged: {absent}"), soft_wrap=True)


def _summary(record: GateRecord) -> Text:
    verdict = record["verdict"]
    schedules = sum(check["schedules"] for check in record["checks"])
    found = len(record["findings"])
    said = f"subject {record['subject']}, profile {record['profile']}: {verdict}"
    count = {0: "no findings", 1: "1 finding"}.get(found, f"{found} findings")
    return Text(f"{said} ({count} in {schedules:,} schedules)", style=f"bold {COLOURS[verdict]}")


def _checks(record: GateRecord, *, timings: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("check")
    table.add_column("verdict")
    for column in ("programs", "schedules", "steps", *(("seconds", "schedules/s") if timings else ())):
        table.add_column(column, justify="right")
    for check in record["checks"]:
        seconds = check["seconds"]
        verdict = check["verdict"]
        row: list[str | Text] = [check["name"], Text("nothing to replay") if verdict is None else Text(verdict, style=COLOURS[verdict])]
        row += [f"{count:,}" for count in (check["programs"], check["schedules"], check["steps"])]
        if timings:
            row += [f"{seconds:.1f}", f"{check['schedules'] / seconds:,.0f}" if seconds else "-"]
        table.add_row(*row)
    return table


def _coverage(coverage: GateCoverageRecord, console: Console) -> None:
    fired, never = coverage["fired"], coverage["never_fired"]
    console.print(f"\ncoverage: {len(fired)} of {len(fired) + len(never)} points fired ({POINTS})")
    for name in never:
        console.print(f"  [yellow]never fired:[/] {escape(name)}")
    for name, of in coverage["checks"].items():
        write_coverage(name, of, console, NAMED)
        write_complete(of, console)
        write_ends(of, console)
    model = coverage["model"]
    if model is None:
        return
    taken = f"the random programs took {model['taken']:,} of {model['transitions']:,} transitions"
    console.print(f"\nmodel graph ({model['scope']}): {taken}")


def write_finding(finding: FindingRecord, console: Console) -> None:
    """Write one finding: the property, the operations, the run, and the line that replays it."""
    write_cause(finding, console)
    with_cancel = " and a cancellation" if finding["cancellation"] else ""
    count = len(finding["operations"])
    console.print(Text(f"{count} operation{'s' if count > 1 else ''}{with_cancel}, {_where(finding)}\n"))
    for task in finding["tasks"]:
        may = f"  ({task['faults']})" if task["faults"] else ""
        console.print(Text(f"  {task['name']}  {', then '.join(task['operations'])}{may}"))
    console.print(run_table(finding))
    console.print(Text("replay: ", end="") + Text(f"subwarden replay {finding['replay']}"), soft_wrap=True)
    if finding.get("script_confirmed"):
        console.print("plain asyncio: subwarden replay ... --script FILE  (the script was run; it fails on the stock event loop)")
    console.print()


def write_cause(of: FindingRecord | BrokenRecord, console: Console) -> None:
    """Write the broken property and how it was broken, then the evidence: what the subject did, and what the model allows."""
    console.print(Text(f"{of['property']} {of['title']}: {of['said']}", style="bold red"))
    if of["detail"]:
        console.print(Text(f"  {of['detail']}"))


def _where(finding: FindingRecord) -> str:
    """The weakest order in which it fails, and what that means. It refuses to claim a failure on stock asyncio that was not seen there."""
    if finding.get("script_confirmed") is False:
        return f"order fifo: not confirmed on stock asyncio ({finding['script_doubt']})"
    if finding["order"] == "any" and not finding.get("shrunk", True):  # of a hunt that had no time; the gate always tries
        return "order any: fifo was not tried yet"
    return ORDERS[finding["order"]]


def run_table(finding: RunRecord) -> Table:
    """The run: a row a step, the changes of state, and a column a task, or one for all tasks where there are too many to read."""
    table = Table(show_edge=True, show_lines=False, highlight=False)
    table.add_column("step", justify="right", no_wrap=True)
    names = [task["name"] for task in finding["tasks"]]
    others = sorted({row["task"] for row in finding["steps"]} - set(names))
    lanes = names + others
    together = len(lanes) > LANES
    for name in ["task", "action"] if together else lanes:
        table.add_column(name, overflow="fold")
    table.add_column("state changes", overflow="fold")
    for row in finding["steps"]:
        did = [*row["did"], *([f"at {row['at']}"] if row["at"] else [])]
        action = Text("\n".join(did))
        cells = [Text(row["task"]), action] if together else [action if row["task"] == name else Text("") for name in lanes]
        changed = Text("\n".join(row["changed"]))
        for broken in row["broken"]:
            changed.append(("\n" if changed.plain else "") + broken, style="bold red")
        table.add_row(str(row["step"]), *cells, changed)
    return table


class ReportConsole(Console):
    """Raises BrokenPipeError when its reader has gone, as a stream does. A plain Console would end the process with a code of its own."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console_for(stream: Any) -> Console:
    """A console as wide as the terminal, or 120 columns where there is none."""
    width = None if stream.isatty() else 120
    return ReportConsole(file=stream, width=width, highlight=False, emoji=False)
