"""Tells a person, or a program, what the judgement of a history came to.

It reads the plain record that `checking.linearizability.record` makes, and refuses to work anything out.
"""

import json
from typing import Any

Record = dict[str, Any]

VERDICTS = {
    "holds": "linearizable",
    "violated": "not linearizable",
    "inconclusive": "unknown: the budget ran out",
}


def as_json(record: Record) -> str:
    """The record, indented, for a file."""
    return json.dumps(record, indent=2) + "\n"


def as_text(record: Record) -> str:
    """The record for a terminal."""
    counted = record["counted"]
    lines = [f"{record['history']}: {VERDICTS[record['verdict']]} (model {record['model']})"]
    if record["verdict"] == "holds":
        cancelled = f", {counted['cancelled']} cancelled" if counted["cancelled"] else ""
        unanswered = f", {counted['unanswered']} unanswered" if counted["unanswered"] else ""
        lines.append(
            f"{counted['calls']} calls, {counted['answered']} answered{cancelled}{unanswered}, at most {counted['overlap']} at once"
        )
    elif record["verdict"] == "inconclusive":
        unknown = record["unknown"]
        lines.append(f"line {unknown['line']}, time {unknown['at']}: more than {unknown['budget']} configurations, and no answer yet")
        lines.append(f"all before that is linearizable: {counted['answered']} answers")
        lines.append("give it more with --budget, or cut the history where fewer calls overlap")
    else:
        lines += _failure(record["failure"], counted)
    return "\n".join(lines) + "\n"


def _failure(failure: Record, counted: Record) -> list[str]:
    failing = failure["failing"]
    lines = [
        f"longest linearizable prefix: up to the {failing['end']} of {_named(failing)}"
        f" in line {failing['end_line']}, time {failing['ended']}; {counted['answered']} answers before it are explained",
        "",
        "shortest failing window" + ("" if failure["least"] else " (too large to leave out calls that do not matter)"),
        *_starts(failure),
    ]
    if failure["under_way"]:
        lines.append("  under way when it starts")
        lines += _table(failure["under_way"])
    if failure["calls"]:
        lines.append("  calls")
        lines += _table(failure["calls"])
    lines += ["", "why no order explains it"]
    if failure["order"]:
        lines += [f"  {n}. {_named(call)}" for n, call in enumerate(failure["order"], 1)]
        lines.append("  is as far as an order comes; then the model has")
    else:
        lines.append("  the model has")
    lines.append(f"    {failure['state']}")
    lines.append("  and each next candidate is impossible:")
    for candidate in failure["candidates"]:
        lines.append(f"    {_named(candidate['call'])}")
        lines.append(
            f"      the model answers: {candidate['model']} ({candidate['kind']}); the history says: {candidate['call']['answer']}"
        )
    return lines


def _starts(failure: Record) -> list[str]:
    starts, count = failure["starts"], failure["starts_count"]
    if count == 1:
        return [f"  starts with: {starts[0]}"]
    more = [f"    or {count - len(starts)} others"] if count > len(starts) else []
    return ["  starts with one of:", *(f"    {state}" for state in starts), *more]


def _named(call: Record) -> str:
    return f"{call['operation']} [{call['id']}]"


def _table(calls: list[Record]) -> list[str]:
    rows = [
        (
            _named(call),
            f"line {call['line']}",
            f"from {call['called']}" + (f" to {call['ended']}" if call["ended"] is not None else ""),
            call["answer"] if call["end"] == "return" else call["end"],
        )
        for call in calls
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return ["    " + "  ".join([*(row[n].ljust(widths[n]) for n in range(3)), row[3]]).rstrip() for row in rows]
