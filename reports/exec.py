"""Tells what came of checking a subject in a process of its own. It reads the plain record of `stateful_tests.exec.record`."""

from typing import Any, cast

from rich.console import Console
from rich.text import Text

from subwarden.reports import history
from subwarden.reports.gate import COLOURS, run_table
from subwarden.reports.record import RunRecord

Record = dict[str, Any]


def write_process_gate(record: Record, console: Console, *, timings: bool = True) -> None:
    """Write the report of a gate record. `timings=False` leaves out all that differs from run to run of the same work."""
    for finding in record["findings"]:
        write_process_finding(finding, console)
    how = "its steps chosen here" if record["scheduled"] else "with real concurrency: it schedules itself"
    console.print(Text(f"{record['name']} offers {', '.join(record['operations'])}; {how}"), soft_wrap=True)
    steps = f", {record['steps']:,} steps" if record["scheduled"] else f", {record['overtook']:,} answers out of the order of their calls"
    seconds = f", {record['seconds']:.1f} s" if timings else ""
    console.print(Text(f"{record['programs']:,} programs, {record['runs']:,} runs{steps}{seconds}"))
    fired, never = record["coverage"]["fired"], record["coverage"]["never_fired"]
    console.print(Text(f"coverage: {len(fired)} of {len(fired) + len(never)} kinds of transition and choice fired"))
    for name in never:
        console.print(Text(f"  never fired: {name}", style="yellow"))
    if not record["observed"]:
        console.print(Text("it cannot be observed: judged by its answers alone", style="yellow"))
    for doubt in record["doubts"]:
        console.print(Text(f"doubt: {doubt}", style="yellow"), soft_wrap=True)
    verdict, found = record["verdict"], len(record["findings"])
    count = {0: "no findings", 1: "1 finding"}.get(found, f"{found} findings")
    said = f"subject {record['subject']}, profile {record['profile']}: {verdict} ({count} in {record['runs']:,} runs)"
    console.print(Text(said, style=f"bold {COLOURS[verdict]}"), soft_wrap=True)
    if record["stopped"]:
        console.print("Stopped before the end; what was found until then is above. Run the same command again for the whole search.")


def write_process_finding(finding: Record, console: Console) -> None:
    """One finding: what is broken, its program, the run, how far it can be repeated, and where it is kept."""
    write_run(finding, console)
    if not finding["tried"]:
        console.print(Text("repeats: nobody knows, there was no time to run it again"))
    elif finding["schedule"] is not None:
        console.print(Text("repeats: always, by its schedule"))
    else:
        console.print(Text(f"repeats: {_luck(finding['failed'], finding['counted'])}"))
    console.print(Text(f"replay: subwarden replay {finding['replay']}"), soft_wrap=True)
    says = history.VERDICTS[finding["judgement"]["verdict"]]
    console.print(Text(f"history: subwarden check {finding['history']}  (it says: {says})"), soft_wrap=True)
    if finding["property"] == "P8" and finding["judgement"]["verdict"] == "violated":
        told = history.as_text(finding["judgement"]).partition("\n")[2]
        console.print(Text("\n".join(f"  {line}" if line else "" for line in told.splitlines())), soft_wrap=True)
    console.print()


def write_run(run: Record, console: Console) -> None:
    """A run that shows something: its cause, its program and its table."""
    console.print(Text(f"{run['property']} {run['title']}: {run['mechanism']}", style="bold red"))
    if run["detail"]:
        console.print(Text(run["detail"]), soft_wrap=True)
    rows = [("first", ", then ".join(run["first"]))] if run["first"] else []
    rows += [(task["name"], ", then ".join(task["operations"])) for task in run["tasks"]]
    width = max(len(name) for name, _ in rows)
    for name, operations in rows:
        console.print(Text(f"  {name.ljust(width)}  {operations}"))
    console.print(run_table(cast(RunRecord, run)))


def write_check(line: Record, console: Console) -> None:
    """One check of the conformance test: what came of it, what was seen, and how to mend it."""
    colours = {"pass": "green", "fail": "red", "skip": "dim"}
    said = f": {line['said']}" if line["said"] else ""
    console.print(Text(f"{line['verdict']}  ", style=colours[line["verdict"]]) + Text(f"{line['name']}{said}"), soft_wrap=True)
    if line["mend"]:
        console.print(Text(f"      mend: {line['mend']}"), soft_wrap=True)


def _luck(failed: int, counted: int) -> str:
    if failed:
        return f"it failed in {failed} of {counted} runs of this program; the process schedules itself, so no schedule can be kept"
    return f"it was seen, and not again in {counted} more runs of this program; the history is the evidence"
