"""Writes the report of a gate: each finding, a table of the checks, what was missed, the verdict; statistics only where asked for."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from subwarden.model.words import counted
from subwarden.reports.coverage import write_complete, write_coverage, write_ends
from subwarden.reports.layout.printed import write_printed
from subwarden.reports.layout.run_table import run_table
from subwarden.reports.layout.wrapping import bare_table, write_line, write_searchable
from subwarden.reports.missed import write_missed
from subwarden.reports.records.finding import BrokenRecord, FindingRecord
from subwarden.reports.records.gate import AdapterRecord, CheckRecord, GateRecord

NAMED = 2  # names in a line of what never fired: a gate has many such lines
POINTS = "operations, model cases, orders, faults"  # the kinds of coverage point
GAP, LEFT, FEWEST = "  ", ("check", "verdict"), 4  # of the table of checks; so many columns are always there
COLOURS = {"holds": "green", "violated": "red", "inconclusive": "yellow"}
STOPPED = "Stopped early: the report covers the work done until then. Run the same command again for the whole search."
ALONE = "No two calls overlap in this run: if calls one by one work for you, look at the adapter first."
ORDERS = {
    "fifo": "order fifo: happens on stock asyncio",
    "any": "order any: happens on other event loops or with threads; not seen in fifo",
}


def write_gate(
    record: GateRecord, console: Console, *, timings: bool = True, verbose: bool = False, quiet: bool = False, portable: bool = True
) -> None:
    """Write the report of a gate. `timings=False` leaves out all that differs from run to run; `verbose`: the statistics, too;
    `quiet`: the findings and the verdict alone, and the reasons if it is inconclusive; `portable`: a finding's run as a string that replays
    it anywhere, else its short name, under which it must be kept.
    """
    for finding in record["findings"]:
        write_finding(finding, console, portable=portable)
        if not finding.get("shrunk", True):
            write_line("This run may not be the smallest: the time was over. With a longer --budget it is made smaller.", console)
            console.print()
    if not quiet:
        console.print(_checks(record, console.width, timings=timings, verbose=verbose))
    if not quiet or record["verdict"] == "inconclusive":
        _coverage(record, console, verbose=verbose)
        write_not_judged(record, console)
    for doubt in record["doubts"]:
        write_line(f"doubt: {doubt}", console, "yellow")
    write_searchable(_summary(record), console, f"bold {COLOURS[record['verdict']]}")
    if record["stopped"]:
        write_line(STOPPED, console)


def write_not_judged(record: AdapterRecord, console: Console) -> None:
    """Write the properties and operations of an adapter that were not judged, and why."""
    for name, reason in record.get("off", {}).items():
        write_searchable(f"switched off: {name} ({reason})", console)
    for absent in record.get("not_played", ()):
        write_searchable(f"not judged: {absent}", console)


def _summary(record: GateRecord) -> str:
    verdict = record["verdict"]
    schedules = sum(check["schedules"] for check in record["checks"])
    found = len(record["findings"])
    said = f"subject {record['subject']}, profile {record['profile']}: {verdict}"
    count = {0: "no findings", 1: "1 finding"}.get(found, f"{found} findings")
    return f"{said} ({count} in {schedules:,} schedules, seed {record['seed']})"


def _checks(record: GateRecord, width: int, *, timings: bool, verbose: bool) -> Table:
    """A row a check, with as many columns as `width` has room for."""
    rows = [_figures(check, timings=timings, verbose=verbose) for check in record["checks"]]
    columns = list(rows[0])
    while len(columns) > FEWEST and sum(_widest(column, rows) + len(GAP) for column in columns) > width + len(GAP):
        columns.pop()
    table = bare_table(len(GAP))
    for column in columns:
        left = column in LEFT
        table.add_column(column, justify="left" if left else "right", no_wrap=column != "check")
    for row in rows:
        table.add_row(*(Text(row[column], style=COLOURS.get(row[column], "") if column == "verdict" else "") for column in columns))
    return table


def _widest(column: str, rows: list[dict[str, str]]) -> int:
    return max(len(column), *(len(row[column]) for row in rows))


def _figures(check: CheckRecord, *, timings: bool, verbose: bool) -> dict[str, str]:
    """The cells of a check's row, by column, the most important ones first."""
    seconds, verdict = check["seconds"], check["verdict"]
    row = {"check": check["name"], "verdict": "nothing to replay" if verdict is None else verdict}
    row |= {column: f"{count:,}" for column, count in (("programs", check["programs"]), ("schedules", check["schedules"]))}
    row |= {"seconds": f"{seconds:.1f}"} if timings else {}
    if verbose:
        row |= {"steps": f"{check['steps']:,}"}
        row |= {"schedules/s": f"{check['schedules'] / seconds:,.0f}" if seconds else "-"} if timings else {}
    return row


def _coverage(record: GateRecord, console: Console, *, verbose: bool) -> None:
    coverage = record["coverage"]
    fired, never = coverage["fired"], coverage["never_fired"]
    console.print()
    write_line(f"coverage: {len(fired)} of {len(fired) + len(never)} points reached: {POINTS}", console)
    if verbose or record["verdict"] == "inconclusive":
        write_missed(never, console)
    if not verbose:
        return
    for name, of in coverage["checks"].items():
        write_coverage(name, of, console, NAMED)
        write_complete(of, console)
        write_ends(of, console)
    model = coverage["model"]
    if model is None:
        return
    taken = f"the random programs took {model['taken']:,} of its {model['transitions']:,} transitions, called alone"
    console.print()
    write_line(f"the model's graph ({model['scope']}): {taken}; `subwarden tour` takes them all", console)


def write_finding(finding: FindingRecord, console: Console, *, portable: bool = True) -> None:
    """Write one finding: the property, the operations, the run, and the line that replays it. `portable`: as in `write_gate`."""
    write_cause(finding, console)
    with_cancel = " and a cancellation" if finding["cancellation"] else ""
    write_line(f"{counted(len(finding['operations']), 'operation')}{with_cancel}, {_where(finding)}", console)
    if finding.get("alone"):
        write_line(ALONE, console)
    console.print()
    for task in finding["tasks"]:
        may = f"  ({task['faults']})" if task["faults"] else ""
        write_line(f"  {task['name']}  {', then '.join(task['operations'])}{may}", console)
    console.print(run_table(finding, console.width))
    write_printed(finding.get("printed", ()), console)
    also = [f"{each['property']} {each['said']}" for each in finding.get("also", ())]
    if also:
        write_line(f"the same bug shows as: {'; '.join(also)}", console)
    name = finding["replay"] if portable else finding.get("short", finding["replay"])
    replay = f"subwarden replay {name}"
    console.print(Text("replay: ", end="") + Text(replay), soft_wrap=True)
    if finding.get("script_confirmed"):  # the whole line can be pasted into a shell
        line = f"{replay} --script finding.py  # was run: it fails on the stock event loop"
        console.print(Text("plain asyncio: ", end="") + Text(line), soft_wrap=True)
    console.print()


def write_cause(of: FindingRecord | BrokenRecord, console: Console) -> None:
    """Write the broken property and how it was broken, then the evidence: what the subject did, and what the model allows."""
    write_line(f"{of['property']} {of['title']}: {of['said']}", console, "bold red")
    for line in of["detail"].splitlines():
        write_line(f"  {line}", console)


def _where(finding: FindingRecord) -> str:
    """The weakest order in which it fails, and what that means. It refuses to claim a failure on stock asyncio that was not seen there."""
    if finding.get("outside") and (finding["order"] == "fifo" or finding.get("shrunk", True)):
        return happens(finding)
    if finding.get("script_confirmed") is False:
        return f"order fifo: not confirmed on stock asyncio ({finding['script_doubt']})"
    if finding["order"] == "any" and not finding.get("shrunk", True):  # there was no time
        return "order any: fifo was not tried yet"
    return happens(finding)


def happens(finding: FindingRecord) -> str:
    """What the order of a finding's run means. No script can time messages as the simulated outside did."""
    return ORDERS[finding["order"]] + (", with this timing of the network" if finding.get("outside") else "")
