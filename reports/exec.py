"""Writes the reports of a subject in a process of its own: its gate, its findings, and the checks of its protocol (`conform`)."""

from shlex import quote

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from subwarden.reports import history
from subwarden.reports.gate import COLOURS, STOPPED
from subwarden.reports.layout.run_table import run_table
from subwarden.reports.layout.wrapping import padded, wrapped, write_line, write_searchable
from subwarden.reports.records.exec import ExecFindingRecord, ExecGateRecord, ExecRunRecord, ProtocolCheckRecord
from subwarden.reports.records.replay import ReplayRecord, why_recorded


def write_process_gate(record: ExecGateRecord, console: Console, *, timings: bool = True) -> None:
    """Write the report of a gate. `timings=False` leaves out the time it took."""
    for finding in record["findings"]:
        write_process_finding(finding, console)
    write_line(f"{record['name']} offers {', '.join(record['operations'])}", console)
    console.print("scheduling: subwarden chooses every step" if record["scheduled"] else "scheduling: the process schedules itself")
    steps = f", {record['steps']:,} steps" if record["scheduled"] else f", {record['overtook']:,} calls answered before an earlier call"
    seconds = f", {record['seconds']:.1f} s" if timings else ""
    console.print(Text(f"{record['programs']:,} programs, {record['runs']:,} runs{steps}{seconds}"))
    fired, never = record["coverage"]["fired"], record["coverage"]["never_fired"]
    console.print(Text(f"coverage: {len(fired)} of {len(fired) + len(never)} kinds of transition and choice fired"))
    for name in never:
        write_line(f"  never fired: {name}", console, "yellow")
    if not record["observed"]:
        console.print(Text("not observable: judged by its answers alone", style="yellow"))
    for doubt in record["doubts"]:
        write_line(f"doubt: {doubt}", console, "yellow")
    verdict, found = record["verdict"], len(record["findings"])
    count = {0: "no findings", 1: "1 finding"}.get(found, f"{found} findings")
    said = (
        f"subject {record['subject']}, profile {record['profile']}: {verdict} ({count} in {record['runs']:,} runs, seed {record['seed']})"
    )
    write_searchable(said, console, f"bold {COLOURS[verdict]}")
    if record["stopped"]:
        write_line(STOPPED, console)


def write_process_finding(finding: ExecFindingRecord, console: Console) -> None:
    """Write a finding: the property, the program, the run, whether it can be reproduced, and its files."""
    write_run(finding, console)
    if not finding["tried"]:
        console.print(Text("reproducible: unknown, there was no time to run it again"))
    elif finding["schedule"] is not None:
        console.print(Text("reproducible: yes, by its schedule"))
    else:
        write_line(f"reproducible: {_luck(finding['failed'], finding['counted'])}", console)
    console.print(Text(f"replay: subwarden replay {finding.get('short', finding['replay'])}"), soft_wrap=True)
    says = history.VERDICTS[finding["judgement"]["verdict"]]
    model = finding["judgement"]["model"]
    by = f" --model {quote(model)}" if ":" in model else ""  # a history does not name a model that is a file
    console.print(Text(f"history: subwarden check {quote(finding['history'])}{by}  ({says})"), soft_wrap=True)
    if finding["property"] == "P8" and finding["judgement"]["verdict"] == "violated":
        for line in history.as_text(finding["judgement"]).splitlines()[1:]:
            said = line.replace(f"{finding['history']}:", "line ", 1)  # the file is named above
            write_line(f"  {said}" if said else "", console)
    console.print()


def write_process_replay(record: ReplayRecord, run: ExecRunRecord | None, console: Console) -> None:
    """Write the report of a replay. `run`: the first one that fails, if any does."""
    subject, tries = record["subject"], record.get("tries")
    luck = "" if tries is None else f": {tries['failed']} of {tries['counted']} runs fail"
    if run is None:
        proof = "" if tries is None else ", which proves nothing"
        said = f"subject {subject}: the run holds now{luck}{proof}; {why_recorded(record['recorded_for'])}"
        write_searchable(said, console)
        return
    write_run(run, console)
    if luck:
        write_searchable(f"subject {subject}{luck}", console)


def write_run(run: ExecRunRecord, console: Console) -> None:
    """Write a run that violates a property: the cause, the program and the table."""
    write_line(f"{run['property']} {run['title']}: {run['said']}", console, "bold red")
    for line in run["detail"].splitlines():
        write_line(f"  {line}", console)
    rows = [("first", ", then ".join(run["first"]))] if run["first"] else []
    rows += [(task["name"], ", then ".join(task["operations"])) for task in run["tasks"]]
    width = max(cell_len(name) for name, _ in rows)
    for name, operations in rows:
        write_line(f"  {padded(name, width)}  {operations}", console)
    console.print(run_table(run, console.width))


def write_check(line: ProtocolCheckRecord, console: Console) -> None:
    """Write one check of the protocol: its verdict, the observation, and the fix."""
    colours = {"pass": "green", "fail": "red", "skip": "dim"}
    said = f": {line['said']}" if line["said"] else ""
    verdict = Text(f"{line['verdict']}  ", style=colours[line["verdict"]])
    text = f"{line['name']}{said}"
    for number, part in enumerate(wrapped(text, console.width - 6) if console.is_terminal else [text]):
        console.print((Text(" " * 6) if number else verdict) + Text(part), soft_wrap=True)
    if line["mend"]:
        write_searchable(f"      fix: {line['mend']}", console)


def _luck(failed: int, counted: int) -> str:
    if failed:
        return f"in {failed} of {counted} runs of this program; the process schedules itself, so there is no schedule to replay"
    return f"not in {counted} more runs of this program; the history is the evidence"
