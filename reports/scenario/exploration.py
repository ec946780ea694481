"""Writes the exploring of a scenario: every failure with its minimal run line by line, then what was tried, then the verdict."""

from shlex import quote

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from subwarden.model.words import counted
from subwarden.reports.gate import COLOURS
from subwarden.reports.layout.printed import write_printed
from subwarden.reports.layout.repeats import repeats
from subwarden.reports.layout.wrapping import named, padded, write_line, write_searchable
from subwarden.reports.printable import printable
from subwarden.reports.records.exploration import (
    ExplorationRecord,
    ScenarioCheckRecord,
    ScenarioFindingRecord,
    ScenarioKillingRecord,
    ScenarioRow,
)

HAPPENS = {
    "fifo": "happens on stock asyncio",
    "any": "needs another order of ready tasks than stock asyncio's, as that of another event loop, of threads, or of slower I/O",
}


UNPINNED = (
    "the string hash is not pinned: another process may order sets of strings otherwise; "
    "set PYTHONHASHSEED=0 before Python starts, and every run hashes alike"
)
_ToldRow = tuple[ScenarioRow, list[tuple[str, Text]]]
WIDEST = 28  # columns of the tasks' names: those of tests are long
LINE = 120  # columns of a line of code, where there is no terminal
REMARK = 160  # columns of another line: what happens is not to be cut off


def write_exploration(record: ExplorationRecord, console: Console, *, timings: bool = True) -> None:
    """Write it. `timings=False` leaves out all that differs from run to run."""
    roots: set[str] = set()
    for finding in record["findings"]:
        root = finding.get("root", "")
        write_scenario_finding(finding, record["scenario"], console, again=root in roots)
        roots |= {root} - {""}
        console.print()
    for of in record.get("killing", []):
        write_searchable(killing_said(record["scenario"], of), console, "bold red")
        if "replay" in of:
            write_searchable(f"replay: {killing_shown(record['scenario'], of)}", console)
        console.print()
    for check in record["checks"]:
        write_searchable(_covered(check, timings=timings), console)
    for said in record.get("lost", []):
        write_searchable(said, console, "yellow")
    for name, met in record["sometimes"].items():
        if not met:
            write_searchable(f"never reached: sometimes({name!r})", console, "yellow")
    for doubt in record["doubts"]:
        write_searchable(f"doubt: {doubt}", console, "yellow")
    if record["findings"] and record["hash_seed"] is None:
        write_searchable(UNPINNED, console)
    write_searchable(_verdict(record), console, f"bold {COLOURS[record['verdict']]}")


def killing_said(scenario: str, of: ScenarioKillingRecord) -> str:
    """In words, for a line."""
    return f"{scenario} ends the process that runs it: in order {of['order']}, each of three workers {of['died']}"


def killing_shown(scenario: str, of: ScenarioKillingRecord) -> str | None:
    """The command that shows it, if the run is known."""
    return f"subwarden explore {quote(scenario)} --replay {of['replay']}" if "replay" in of else None


def write_scenario_finding(finding: ScenarioFindingRecord, scenario: str, console: Console, *, again: bool = False) -> None:
    """Write one failure. `again`: it comes of the exception of one above, whose run tells enough."""
    write_searchable(f"{scenario} fails: {finding['title']}", console, "bold red")
    for line in finding["evidence"]:
        write_searchable(f"  {line}", console)
    write_searchable(f"order {finding['order']}: {happens(finding)}", console)
    if hint := ruled_out(finding):
        write_searchable(hint, console)
    write_searchable(_size(finding), console)
    if finding["values"]:
        write_searchable(f"values: {', '.join(finding['values'])}", console)
    if again:
        write_searchable(f"the same exception is behind a failure above: {finding.get('root')}; this run is not shown", console)
    else:
        _write_run(finding["steps"], console)
    write_printed(finding.get("printed", ()), console)
    console.print(Text(f"replay: {replay_line(finding, scenario)}"), soft_wrap=True)


def replay_line(finding: ScenarioFindingRecord, scenario: str) -> str:
    """The command that plays the run again; for a test with fixtures or parameters, whose values only the test has, what to do."""
    if "command" in finding:
        return finding["command"]
    if finding.get("arguments"):
        return "run this test again, with the same arguments: the run that failed is tried first"
    return f"subwarden explore {quote(scenario)} --replay {finding['replay']}"


def happens(finding: ScenarioFindingRecord) -> str:
    """What the order of the run means."""
    stock = finding["order"] == "fifo"
    said = HAPPENS[finding["order"]]
    if finding["fault"]:
        said += ", when the fault comes at this moment" if stock else ", the fault at this moment"
    if finding.get("outside"):
        said += f", with this timing of {'the jobs in executors' if finding.get('jobs') else 'the network'}"
    if finding["slow_step"]:
        takes = f"{finding['slowest']:.3g} s" if "slowest" in finding else "long"
        said += f", when one step takes {takes}" if stock else f", and a step that takes {takes}"
    return said


def ruled_out(finding: ScenarioFindingRecord) -> str:
    """How to do without steps as slow as one in the run; empty if none is slow."""
    if not finding["slow_step"]:
        return ""
    return "if nothing of yours is slow, begin the scenario with subwarden.network().slow(0): no step takes time then"


def _size(finding: ScenarioFindingRecord) -> str:
    count = finding["deviations"]
    deviations = (
        "without any deviation from asyncio's order" if not count else f"{counted(count, 'deviation')} from the plain order (marked *)"
    )
    by = f"schedule {finding['found']}" if finding["found"] else "a saved run"
    return f"found by {by}; minimal run: {deviations}" if finding["minimal"] else f"not minimal yet: {deviations}"


def _write_run(rows: list[ScenarioRow], console: Console) -> None:
    """The run: for each step its number, its task, and the lines of code that it ran."""
    told: list[_ToldRow] = [({**row, "task": named(row["task"], WIDEST)}, _told(row)) for row in _folded(rows)]
    sources = [line["source"] for row in rows for line in row["lines"] if _is_code(line["at"])]
    indent = min((len(source) - len(source.lstrip()) for source in sources if source), default=0)
    told = [(row, [(at, text[indent:] if _is_code(at) else text) for at, text in lines]) for row, lines in told]
    numbers = max(len("step"), *(len(str(row["step"])) + 2 for row, _ in told))
    tasks = max(cell_len(row["task"]) for row, _ in told)
    places = max((cell_len(at) for _, lines in told for at, _ in lines), default=4)
    beside = numbers + tasks + places + 6
    most = max((text.cell_len for _, lines in told for _, text in lines), default=0)
    if console.is_terminal and beside + most > console.width:
        _write_narrow(told, numbers, console)
        return
    console.print(Text(f"{'step':>{numbers}}  {'task':{tasks}}  {'line':{places}}  what runs"), soft_wrap=True)
    for row, lines in told:
        head = f"{'*' if row['deviates'] else ' '} {row['step']:>{numbers - 2}}  {padded(row['task'], tasks)}"
        for at, text in lines:
            line = Text(f"{head}  {padded(at, places)}  ").append_text(text)
            line.truncate(max(console.width, LINE if _is_code(at) else REMARK), overflow="ellipsis")
            console.print(line, soft_wrap=True)
            head = " " * (numbers + 2 + tasks)


def _folded(rows: list[ScenarioRow]) -> list[ScenarioRow]:
    """`rows`, with those that come again and again told once: who polls fills the table."""
    folded: list[ScenarioRow] = []
    at = 0
    while at < len(rows):
        period, times = repeats(rows, at, _alike)
        folded += rows[at : at + period]
        at += times * period
        if times > 1:
            again = f"({'this step' if period == 1 else f'these {period} steps'}, {times - 1} times more)"
            folded.append({"step": rows[at - 1]["step"], "task": "...", "lines": [], "did": [again], "deviates": ""})
    return folded


def _alike(row: ScenarioRow, other: ScenarioRow) -> bool:
    return not (row["deviates"] or other["deviates"]) and {**row, "step": 0} == {**other, "step": 0}


def _write_narrow(told: list[_ToldRow], numbers: int, console: Console) -> None:
    """For a narrow terminal: the code below the task, and no column for the place."""
    console.print(Text(f"{'step':>{numbers}}  task, and what runs"), soft_wrap=True)
    for row, lines in told:
        write_line(f"{'*' if row['deviates'] else ' '} {row['step']:>{numbers - 2}}  {row['task']}", console)
        for at, text in lines:
            place = f"{at}  " if at else ""
            write_line(" " * (numbers + 2) + place + printable(text.plain), console, "yellow" if row["deviates"] and not at else "")


def _is_code(at: str) -> bool:
    return at.rpartition(":")[2].isdecimal()


def _told(row: ScenarioRow) -> list[tuple[str, Text]]:
    """The lines of a row: how it deviates, the code, and what else there is to say."""
    told = [("", Text(f"({row['deviates']})", style="yellow"))] if row["deviates"] else []
    for line in row["lines"]:
        told.append((line["at"], Text(line["source"])))
        if "raises" in line:
            told.append(("", Text(f"  -> raises {line['raises']}", style="italic")))
    return told + [("", Text(f"  -> {text}", style="italic")) for text in row["did"]]


def _covered(check: ScenarioCheckRecord, *, timings: bool) -> str:
    said = f"order {check['order']}: {check['schedules']:,} schedules"
    if check["complete"]:
        said += ", complete: every interleaving was covered"
    elif check["complete_within"] > 0:
        said += f", among them all with at most {counted(check['complete_within'], 'deviation')}"
    if "not_told_apart" in check:
        said += f", states not told apart ({check['not_told_apart']})"
    if check["unseen"] is not None and not check["complete"] and check["verdict"] != "violated":  # else it ended early: too few for a guess
        ends = check["end_states"]
        said += f"; {counted(ends, 'end state')}, chance of a new one {100 * check['unseen']:.1f}%"
    if timings and check["seconds"]:
        said += f" ({check['seconds']:.1f} s, {check['schedules'] / check['seconds']:,.0f}/s)"
    return said


def _verdict(record: ExplorationRecord) -> str:
    found = len(record["findings"]) + len(record.get("killing", []))
    schedules = sum(check["schedules"] for check in record["checks"])
    count = {0: "no failure", 1: "1 failure"}.get(found, f"{found} failures")
    stopped = ", stopped early" if record["stopped"] else ""
    return f"{record['scenario']}: {record['verdict']} ({count} in {schedules:,} schedules, seed {record['seed']}{stopped})"
