"""Says what a search missed, and how to mend that: the points of coverage without which a pass would say nothing.

A point is a text (`core: operation publish`): its level, its kind and its name.
"""

import re
from collections.abc import Iterable

from rich.console import Console

from subwarden.reports.layout.wrapping import write_line

POINT = re.compile(r"(?:(?P<level>\w+): )?(?P<kind>rule|operation|transition|answer|change|cancellation|order|observe\(\)) (?P<name>.+)")
MOST = 20  # lines of what was missed
HARNESS = {  # rules that are no operations of the subject
    "advance": "no program chose the next step itself",
    "settle": "no program ran all ready steps before its next call",
    "cancel": "no program cancelled a call",
}
NONE_DRAWN = "the time was enough only for the programs that are always tried first; none was drawn at random"
SILENT = "observe() returned None every time, so nothing was compared"
LONGER = "search longer (--budget 2m, or --profile nightly)"
LEAVE_OUT = f"{LONGER}; leave out of the adapter what your manager does not have"
SHOW = "let observe() return what your manager shows now; None only while a change is half done"


def in_words(point: str) -> str:
    """What did not happen, in words."""
    match = POINT.fullmatch(point)
    if match is None:
        return f"never happened: {point}"
    level = f"level {match['level']}: " if match["level"] in ("manager", "server") else ""
    name = match["name"]
    match match["kind"]:
        case "observe()":
            return SILENT
        case "rule" if name in HARNESS:
            said = HARNESS[name]
        case "rule" | "operation":
            said = f"{name.removeprefix('call ')} was never called"
        case "cancellation":
            said = f"no call was cancelled {name}"
        case "order":
            order, _, choice = name.partition(": ")
            said = f"never happened in order {order}: {choice}"
        case "answer":
            said = f"no request was answered with {name}"
        case _:
            said = f"never happened: {name}"
    return level + said


def write_missed(points: Iterable[str], console: Console) -> None:
    """Write what a search never reached, once each, and how to mend it; nothing if there is nothing."""
    missed = all_in_words(list(points))
    if not missed:
        return
    write_line("not enough to say that it holds:", console, "yellow")
    for said in missed[:MOST]:
        write_line(f"  {said}", console)
    if len(missed) > MOST:
        write_line(f"  and {len(missed) - MOST} more (all with --json)", console)
    mends = [SHOW] if SILENT in missed else []
    if not {SILENT, NONE_DRAWN}.issuperset(missed):
        mends.append(LEAVE_OUT)
    elif NONE_DRAWN in missed:
        mends.append(LONGER)
    for mend in mends:
        write_line(f"  to mend: {mend}", console)


def all_in_words(points: list[str]) -> list[str]:
    """What was missed, in words, once each. Where no program was drawn, one line says so, and not each rule by itself."""
    rules = {match["name"]: point for point in points if (match := POINT.fullmatch(point)) and match["kind"] == "rule"}
    if {"advance", "settle"} <= rules.keys():
        points = [point for point in points if point not in rules.values()]
        return list(dict.fromkeys([NONE_DRAWN, *map(in_words, points)]))
    return list(dict.fromkeys(map(in_words, points)))
