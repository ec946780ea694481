"""The speed of `subwarden prove` beside TLC, and the growth of a scope's states: the figures and the plot of docs/proving.md.

Both checkers search the same model in the same scope and judge the same properties, one after the other in one run, each timed with its
start; ours starts a fresh Python process. TLC has no symmetry here; at level server ours is timed with it, too. Liveness is left out.
`--write` puts the figures into the page. Scopes of fewer than 100,000 states, where TLC's start dominates, and runs with different numbers
of states raise AssertionError.
"""

import argparse
import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from subwarden.proving.manager.proof import symmetry_of
from subwarden.proving.manager.scope import Scope
from subwarden.proving.manager.system import ManagerSystem
from subwarden.proving.search.breadth_first import search
from subwarden.proving.search.result import StateGraphSearch
from subwarden.proving.server.scope import ServerScope
from subwarden.stateful_tests.specimens import tlc

PAGE = Path(__file__).resolve().parent.parent / "docs" / "proving.md"
COMPARED = (Scope(2, 2, 2, 1, 1, True, 0), Scope(3, 2, 1, 1, 0, True, 0))
COMPARED_AT_SERVER = ServerScope(2, 1, 0, 2)
LEAST = 100_000
GROWN = (
    Scope(1, 1, 1, 1, None, False, 0),
    Scope(2, 1, 1, 1, None, False, 0),
    Scope(2, 2, 1, 1, None, False, 0),
    Scope(2, 2, 2, 1, None, False, 0),
    Scope(3, 2, 2, 1, None, False, 0),
    Scope(3, 3, 2, 1, None, False, 0),
)
LARGEST = (Scope(4, 3, 3, 0, None, False, 0), Scope(4, 3, 3, 1, None, False, 0))
OURS = (
    "from subwarden.proving.manager.proof import prove; "
    "from subwarden.proving.manager.scope import Scope; print(prove({}, symmetric=False).search.distinct)"
)
OURS_AT_SERVER = (
    "from subwarden.proving.search.breadth_first import search; from subwarden.proving.server.proof import searched; "
    "from subwarden.proving.server.scope import ServerScope; "
    "found = search(*searched({}, {}, None)); assert found.verdict.value == 'holds'; print(found.distinct)"
)


class Took(NamedTuple):
    """A search: its distinct states, its seconds, and those of all processors."""

    distinct: int
    seconds: float
    cpu: float


def theirs_took(check: Callable[[], tlc.TlcRun]) -> Took:
    """A run of TLC."""
    before = _cpu()
    run = check()
    return Took(run.distinct, run.seconds, _cpu() - before)


def ours_took(program: str) -> Took:
    """A run of a Python program that prints its number of states."""
    before, start = _cpu(), time.perf_counter()
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    return Took(int(answer), time.perf_counter() - start, _cpu() - before)


def heading(first: str) -> list[str]:
    """The first lines of a table."""
    return [f"| {first} | distinct states | TLC, 2 workers | `prove`, 1 process | ratio | processor time |", "|---|---|---|---|---|---|"]


def row(name: str, theirs: Took, ours: Took) -> str:
    """Distinct states a second, of TLC and of ours. Raises AssertionError if the numbers of states differ."""
    distinct = ours.distinct
    assert theirs.distinct == distinct >= LEAST, f"{name}: {theirs.distinct} and {distinct} states"
    return (
        f"| {name} | {distinct:,} | {theirs.seconds:.1f} s, {distinct / theirs.seconds:,.0f}/s "
        f"| {ours.seconds:.1f} s, {distinct / ours.seconds:,.0f}/s | {theirs.seconds / ours.seconds:.1f} "
        f"| {theirs.cpu:.1f} s / {ours.cpu:.1f} s = {theirs.cpu / ours.cpu:.1f} |"
    )


def compare(scope: Scope) -> str:
    """One row of level manager."""
    return row(scope.describe(), theirs_took(lambda: tlc.check(scope)), ours_took(OURS.format(repr(scope))))


def main_at_server() -> list[str]:
    """The table of level server, as lines of Markdown: one run of TLC, and two of ours, without symmetry and with it."""
    scope = COMPARED_AT_SERVER
    theirs = theirs_took(lambda: tlc.check_server(scope))
    lines = heading(scope.describe())
    for symmetric, name in ((False, "without symmetry"), (True, "TLC without symmetry, `prove` with it")):
        lines.append(row(name, theirs, ours_took(OURS_AT_SERVER.format(repr(scope), symmetric))))
    return lines


def _cpu() -> float:
    """Processor seconds of the processes that have ended: on a shared machine they are more reliable than the clock."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def reduced(scope: Scope) -> tuple[StateGraphSearch, float]:
    """A search with symmetry, and its seconds."""
    system = ManagerSystem(scope)
    start = time.perf_counter()
    found = search(system, symmetry_of(system))
    return found, time.perf_counter() - start


def plot(rows: list[tuple[str, int, int]], width: int = 60) -> list[str]:
    """One bar a scope, on a logarithmic scale: `#` for its orbits, `.` up to its states."""
    most = math.log10(max(states for _, states, _ in rows))
    label = max(len(name) for name, _, _ in rows)
    lines = []
    for name, states, orbits in rows:
        dots, hashes = (round(width * math.log10(n) / most) for n in (states, orbits))
        lines.append(f"{name:<{label}} |{'#' * hashes}{'.' * (dots - hashes):<{width - hashes}}| {states:,} states, {orbits:,} orbits")
    return lines


def main(largest: bool = False) -> list[str]:
    """The tables, as lines of Markdown."""
    lines = [
        *heading("scope, without symmetry"),
    ]
    lines += map(compare, COMPARED)
    rows, table = [], []
    for scope in (*GROWN, *(LARGEST if largest else ())):
        found, seconds = reduced(scope)
        name = f"{scope.connections}c {scope.threads}t {scope.subscriptions}s" + ("" if scope.conversations else " no listeners")
        rows.append((name, found.distinct, found.stored))
        table.append(f"{name:<20} {seconds:6.1f} s, {found.depth} deep, {found.transitions:,} transitions, {found.verdict.value}")
    return [*lines, "", "```text", *plot(rows), "", *table, "```"]


def write(lines: list[str], mark: str = "measured") -> None:
    """Replace the text between the page's marks."""
    start, end = f"<!-- {mark}: begin -->\n", f"<!-- {mark}: end -->"
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(start)
    _, _, after = rest.partition(end)
    PAGE.write_text(before + start + "\n".join(lines) + "\n" + end + after, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", choices=("manager", "server"), default="manager", help="which model (default: manager)")
    parser.add_argument("--largest", action="store_true", help="search 4 connections, 3 threads, 3 ids too; takes minutes")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/proving.md")
    options = parser.parse_args()
    told = main_at_server() if options.level == "server" else main(options.largest)
    print("\n".join(told))
    if options.write:
        write(told, *(["measured at level server"] if options.level == "server" else []))
