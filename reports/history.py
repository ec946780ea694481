"""Writes the judgement of a history, for a person.

It reads the plain record alone (`reports.records.history`), and refuses to work anything out.
"""

from rich.cells import cell_len
from rich.console import Console

from subwarden.model.words import in_number
from subwarden.reports.layout.wrapping import padded, write_searchable
from subwarden.reports.records.history import CallRecord, CountedRecord, FailureRecord, HistoryRecord

VERDICTS = {
    "holds": "linearizable",
    "violated": "not linearizable",
    "inconclusive": "unknown: the budget ran out",
}


def write_history(record: HistoryRecord, console: Console) -> None:
    """Write the record; on a terminal, lines that are too long for it are broken."""
    for line in as_text(record).splitlines():
        write_searchable(line, console)


def as_text(record: HistoryRecord) -> str:
    """The record for a terminal."""
    counted = record["counted"]
    wrong = record.get("deliveries", [])
    verdict = "wrong deliveries" if wrong and "failure" not in record else VERDICTS[record["verdict"]]
    lines = [f"{record['history']}: {verdict} (model {record['model']})"]
    lines += [f"{record['history']}:{each['line']}: {each['property']} {each['what']}: {each['detail']}" for each in wrong]
    if record["verdict"] == "holds":
        cancelled = f", {counted['cancelled']} cancelled" if counted["cancelled"] else ""
        unanswered = f", {counted['unanswered']} unanswered" if counted["unanswered"] else ""
        lines.append(
            f"{counted['calls']} calls, {counted['answered']} answered{cancelled}{unanswered}, at most {counted['overlap']} at once"
        )
    elif "unknown" in record:
        unknown = record["unknown"]
        budget = f"{unknown['budget']:,} {in_number('configuration', unknown['budget'])}"
        lines.append(f"{record['history']}:{unknown['line']}: more than {budget} at time {unknown['at']}, and no verdict yet")
        lines.append(f"linearizable until then: {counted['answered']} answers")
        lines.append("give a larger --budget, or cut the history where fewer calls overlap")
    elif "failure" in record:
        lines += _failure(record["history"], record["failure"], counted)
    return "\n".join(lines) + "\n"


def _failure(history: str, failure: FailureRecord, counted: CountedRecord) -> list[str]:
    failing = failure["failing"]
    lines = [
        f"{history}:{failing['end_line']}: no order of the calls explains the {failing['end']} of {_named(failing)}, "
        f"time {failing['ended']}",
        f"linearizable until then: {counted['answered']} answers",
        "",
        "shortest failing window" + ("" if failure["least"] else " (too large to leave out calls that do not matter)"),
        *_starts(failure),
    ]
    if failure["under_way"]:
        lines.append("  calls already open")
        lines += _table(failure["under_way"])
    if failure["calls"]:
        lines.append("  calls")
        lines += _table(failure["calls"])
    lines.append("")
    if failure["order"]:
        lines.append("longest order of these calls that the model allows")
        lines += [f"  {n}. {_named(call)}" for n, call in enumerate(failure["order"], 1)]
    else:
        lines.append("no order of these calls begins as the model allows")
    lines += [f"  state then: {failure['state']}", "every next call contradicts its answer"]
    for candidate in failure["candidates"]:
        allowed = f"the model allows {candidate['model']} ({candidate['kind']})"
        lines.append(f"  {_named(candidate['call'])} returned {candidate['call']['answer']}; {allowed}")
    return lines


def _starts(failure: FailureRecord) -> list[str]:
    starts, count = failure["starts"], failure["starts_count"]
    if count == 1:
        return [f"  state before: {starts[0]}"]
    more = [f"    or {count - len(starts)} others"] if count > len(starts) else []
    return ["  state before, one of:", *(f"    {state}" for state in starts), *more]


def _named(call: CallRecord) -> str:
    return f"{call['operation']} [{call['id']}]"


def _table(calls: list[CallRecord]) -> list[str]:
    rows = [
        (
            _named(call),
            f"line {call['line']}",
            f"from {call['called']}" + (f" to {call['ended']}" if call["ended"] is not None else ""),
            call["end"] if call["answer"] is None else call["answer"],
        )
        for call in calls
    ]
    widths = [max(cell_len(row[column]) for row in rows) for column in range(3)]
    return ["    " + "  ".join([*(padded(row[n], widths[n]) for n in range(3)), row[3]]).rstrip() for row in rows]
