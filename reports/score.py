"""Writes a mutation score: the faults that were noticed, line by line; those that were not, with their lines; and the share."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from subwarden.model.words import counted
from subwarden.reports.gate import COLOURS, write_finding, write_not_judged
from subwarden.reports.layout.wrapping import write_line, write_searchable
from subwarden.reports.records.score import FaultRecord, NoticedRecord, ScoreRecord

STYLES = {"- ": "red", "+ ": "green"}
MEANS = (
    "A fault that is not noticed makes no difference, or needs more schedules, or shows where the check does not look: in an operation, a "
    "table or a message that it leaves out (`subwarden help score`)."
)
NAMED = 3  # functions that a line names


def write_score(record: ScoreRecord, console: Console, *, quiet: bool = False) -> None:
    """Write the report. `quiet`: without the faults that were noticed."""
    for line in record["lost"]:
        write_line(line, console)
    if "fails" in record:
        _write_failing(record, console)
        return
    fates = {fate: [each for each in record["faults"] if each["fate"] == fate] for fate in {each["fate"] for each in record["faults"]}}
    if "noticed" in fates and not quiet:
        console.print("noticed:")
        for fault in fates["noticed"]:
            write_line(f"  {fault['file']}:{fault['line']}  {fault['said']}: {_how(fault['noticed'])}", console)
        console.print()
    for said, faults in _grouped(fates.get("survived", [])).items():
        write_line(f"not noticed: {said}", console, "bold red")
        _write_faults(faults, console)
    if "never run" in fates:
        write_line("not noticed: no schedule runs the line", console, "bold red")
        _write_never_run(fates["never run"], console)
    if "survived" in fates or "never run" in fates:
        write_line(MEANS, console)
    write_not_judged(record, console)
    _write_apart(fates.get("apart", []), console)
    if "not loaded" in fates:
        where = ", ".join(f"{fault['file']}:{fault['line']}" for fault in fates["not loaded"])
        write_line(f"not counted: {counted(len(fates['not loaded']), 'fault')} with which it cannot be imported ({where})", console)
    for doubt in record["doubts"]:
        write_line(f"doubt: {doubt}", console, "yellow")
    write_searchable(_summary(record, {fate: len(each) for fate, each in fates.items()}), console, f"bold {_colour(record)}")


def _write_failing(record: ScoreRecord, console: Console) -> None:
    for finding in record["findings"]:
        write_finding(finding, console)
    said = "it fails without a fault" + ("" if record["findings"] else f" ({record['fails']})")
    write_searchable(f"score {record['subject']}: no score, since {said}; mend that first", console, "bold red")


def _how(noticed: NoticedRecord | None) -> str:
    assert noticed is not None, "it is noticed"
    order = noticed["order"] + (" + cancel" if noticed["cancellation"] else "")
    said = f"{noticed['property']} {noticed['said']}".strip()
    return said + (f" ({order})" if order else "")


def _grouped(faults: Iterable[FaultRecord]) -> dict[str, list[FaultRecord]]:
    groups: dict[str, list[FaultRecord]] = {}
    for fault in faults:
        groups.setdefault(fault["said"], []).append(fault)
    return groups


def _write_faults(faults: Iterable[FaultRecord], console: Console) -> None:
    for fault in faults:
        write_searchable(f"  {fault['file']}:{fault['line']} in {fault['function']}", console)
        for line in fault["shown"]:
            console.print(Text(f"    {line}", style=STYLES.get(line[:2], "")), soft_wrap=True)
    console.print()


def _write_never_run(faults: Iterable[FaultRecord], console: Console) -> None:
    """A line for each function."""
    functions: dict[tuple[str, str], list[FaultRecord]] = {}
    for fault in faults:
        functions.setdefault((fault["file"], fault["function"]), []).append(fault)
    for (file, function), of in functions.items():
        write_searchable(f"  {file}:{of[0]['line']} in {function}: {counted(len(of), 'fault')}", console)
    console.print()


def _write_apart(faults: list[FaultRecord], console: Console) -> None:
    """One line: code that the check has nothing to do with."""
    if faults:
        tops = list(dict.fromkeys(f"{fault['file']}: {fault['function'].partition('.')[0]}" for fault in faults))
        more = f" and {len(tops) - NAMED} more" if len(tops) > NAMED else ""
        write_line(
            f"not counted: {counted(len(faults), 'fault')} in code that no schedule enters ({', '.join(tops[:NAMED])}{more})", console
        )


def _summary(record: ScoreRecord, fates: dict[str, int]) -> str:
    noticed = fates.get("noticed", 0)
    of = noticed + fates.get("survived", 0) + fates.get("never run", 0)
    said = f"score {record['subject']}: "
    said += "no fault was judged" if record["score"] is None else f"{record['score']} % ({noticed} of {of} faults noticed)"
    if record["at_least"] is not None:
        said += f", {record['at_least']} % wanted"
    left = fates.get("not judged", 0)
    if left:
        said += f"; stopped early: {counted(left, 'fault')} not judged"
    return said


def _colour(record: ScoreRecord) -> str:
    """Green: all noticed."""
    if record["verdict"] == "holds" and record["score"] != 100:
        return "yellow"
    return COLOURS[record["verdict"]]
