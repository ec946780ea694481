"""Writes the exploring of a scenario: every failure with its minimal run line by line, then what was tried, then the verdict."""

from rich.console import Console
from rich.text import Text

from subwarden.reports.gate import COLOURS
from subwarden.reports.layout.printed import write_printed
from subwarden.reports.record import ExplorationRecord, ScenarioCheckRecord, ScenarioFindingRecord, ScenarioRow

HAPPENS = {
    "fifo": "happens on stock asyncio",
    "any": "needs ready tasks to run in another order than stock asyncio's: other event loops, threads, or I/O that takes longer",
}


WIDEST = 24  # characters of a task's name
NARROWEST = 100  # characters of a line, however narrow the terminal


def write_exploration(record: ExplorationRecord, console: Console, *, timings: bool = True) -> None:
    """Write it. `timings=False` leaves out all that differs from run to run."""
    for finding in record["findings"]:
        write_scenario_finding(finding, record["scenario"], console)
        console.print()
    for check in record["checks"]:
        console.print(Text(_covered(check, timings=timings)), soft_wrap=True)
    for name, met in record["sometimes"].items():
        if not met:
            console.print(Text(f"never reached: sometimes({name!r})", style="yellow"), soft_wrap=True)
    for doubt in record["doubts"]:
        console.print(Text(f"doubt: {doubt}", style="yellow"), soft_wrap=True)
    console.print(Text(_verdict(record), style=f"bold {COLOURS[record['verdict']]}"), soft_wrap=True)


def write_scenario_finding(finding: ScenarioFindingRecord, scenario: str, console: Console) -> None:
    """Write one failure."""
    console.print(Text(f"{scenario} fails: {finding['title']}", style="bold red"), soft_wrap=True)
    for line in finding["evidence"]:
        console.print(Text(f"  {line}"), soft_wrap=True)
    console.print(Text(f"order {finding['order']}: {_happens(finding)}"), soft_wrap=True)
    console.print(Text(_size(finding)), soft_wrap=True)
    if finding["values"]:
        console.print(Text(f"values: {', '.join(finding['values'])}"), soft_wrap=True)
    _write_run(finding["steps"], console)
    write_printed(finding.get("printed", ()), console)
    console.print(Text(f"replay: subwarden explore {scenario} --replay {finding['replay']}"), soft_wrap=True)


def _happens(finding: ScenarioFindingRecord) -> str:
    said = HAPPENS[finding["order"]]
    if finding["fault"]:
        said += ", when the fault comes at this moment"
    if finding.get("outside"):
        said += ", with this timing of the network"
    if finding["slow_step"]:
        said += ", when one step takes long"
    return said


def _size(finding: ScenarioFindingRecord) -> str:
    count = finding["deviations"]
    deviations = "without any deviation from asyncio's order" if not count else f"{count} deviation{'s' if count > 1 else ''} (marked *)"
    by = f"schedule {finding['found']}" if finding["found"] else "a saved run"
    return f"found by {by}; minimal run: {deviations}" if finding["minimal"] else f"not minimal yet: {deviations}"


def _write_run(rows: list[ScenarioRow], console: Console) -> None:
    """The run: for each step its number, its task, and the lines of code that it ran."""
    told = [(row, _told(row)) for row in rows]
    numbers = max(len(str(row["step"])) for row, _ in told) + 2
    tasks = min(max(len(row["task"]) for row, _ in told), WIDEST)
    places = max((len(at) for _, lines in told for at, _ in lines), default=4)
    sources = [line["source"] for row in rows for line in row["lines"] if _is_code(line["at"])]
    indent = min((len(source) - len(source.lstrip()) for source in sources if source), default=0)
    console.print(Text(f"{'step':>{numbers}}  {'task':{tasks}}  {'line':{places}}  what runs"))
    for row, lines in told:
        head = f"{'*' if row['deviates'] else ' '} {row['step']:>{numbers - 2}}  {row['task']:{tasks}}"
        for at, text in lines:
            if _is_code(at):
                text = text[indent:]  # noqa: PLW2901  # the same text without what all lines have
            line = Text(f"{head}  {at:{places}}  ").append_text(text)
            line.truncate(max(console.width, NARROWEST), overflow="ellipsis")
            console.print(line, soft_wrap=True)
            head = " " * (numbers + 2 + tasks)


def _is_code(at: str) -> bool:
    return at.rpartition(":")[2].isdecimal()


def _told(row: ScenarioRow) -> list[tuple[str, Text]]:
    """The lines of a row: how it deviates, the code, and what else there is to say."""
    told = [("", Text(f"({row['deviates']})", style="yellow"))] if row["deviates"] else []
    told += [(line["at"], Text(line["source"])) for line in row["lines"]]
    return told + [("", Text(f"  -> {text}", style="italic")) for text in row["did"]]


def _covered(check: ScenarioCheckRecord, *, timings: bool) -> str:
    said = f"order {check['order']}: {check['schedules']:,} schedules"
    if check["complete"]:
        said += ", complete: every interleaving was covered"
    elif check["complete_within"] > 0:
        said += f", among them all with at most {check['complete_within']} deviation{'s' if check['complete_within'] > 1 else ''}"
    if check["unseen"] is not None and not check["complete"]:
        said += f"; {check['end_states']} end states, chance of a new one {100 * check['unseen']:.1f}%"
    if timings and check["seconds"]:
        said += f" ({check['seconds']:.1f} s, {check['schedules'] / check['seconds']:,.0f}/s)"
    return said


def _verdict(record: ExplorationRecord) -> str:
    found = len(record["findings"])
    schedules = sum(check["schedules"] for check in record["checks"])
    count = {0: "no failure", 1: "1 failure"}.get(found, f"{found} failures")
    stopped = ", stopped early" if record["stopped"] else ""
    return f"{record['scenario']}: {record['verdict']} ({count} in {schedules:,} schedules{stopped})"
