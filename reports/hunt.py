"""Writes the report of a hunt: the findings as a gate writes them, the work by check and by strategy, its coverage, the chances left."""

from shlex import quote

from rich.console import Console
from rich.table import Table
from rich.text import Text

from subwarden.model.words import counted
from subwarden.reports.coverage import percent, write_coverage
from subwarden.reports.gate import COLOURS, write_finding, write_not_judged
from subwarden.reports.layout.wrapping import bare_table, write_line, write_searchable
from subwarden.reports.missed import write_missed
from subwarden.reports.records.coverage import HuntCoverageRecord
from subwarden.reports.records.hunt import KILLING, HuntRecord, StrategyRecord

WHY = {
    "budget": "the budget ended",
    "rounds": "all rounds are done",
    "stopped": "stopped by hand",
    "no workers": "no worker finished a round",
    "all lost": "every worker was killed once, in the middle of a round",
    "unwritten": "the hunt's folder cannot be written any more",
    "unfit": "the subject cannot be judged any more",
    "gone": "the cluster's scheduler has gone",
}


def write_hunt(record: HuntRecord, console: Console, *, verbose: bool = False, portable: bool = True) -> None:
    """Write the report of a hunt. `verbose`: the statistics, too; `portable`: as in `write_gate`."""
    for finding in record["findings"]:
        write_finding(finding, console, portable=portable)
        if not finding.get("shrunk", True):
            console.print("  This run is not shrunk yet: the hunt ended first. --resume does that first.\n")
    for of in record.get("killing", []):
        write_line(KILLING, console, "bold red")
        write_line(f"  in round {of['round']} of worker {of['worker']}, {of['check']}, each of three workers {of['died']}", console)
        if "replay" in of:
            write_searchable(f"replay: subwarden replay {quote(of['replay'])}", console)
        write_searchable(f"again: {of['again']}\n", console)
    console.print(_checks(record["coverage"], console.width, verbose=verbose))
    if verbose:
        console.print()
        console.print(_strategies(record["strategies"]))
        for name, coverage in record["coverage"].items():
            _coverage(name, coverage, console)
    _unseen(record, console)
    write_not_judged(record, console)
    for said in record["lost"]:
        write_line(said, console, "yellow")
    for doubt in record["doubts"]:
        write_line(f"doubt: {doubt}", console, "yellow")
    if record["verdict"] == "inconclusive" or verbose:
        write_missed(record["never_fired"], console)
    _summary(record, console)


def _summary(record: HuntRecord, console: Console) -> None:
    found = len(record["findings"]) + len(record.get("killing", []))
    searched = f"{record['schedules']:,} schedules of {record['programs']:,} programs"
    count = {0: "no findings", 1: "1 finding"}.get(found, f"{found} findings")
    said = f"subject {record['subject']}: {record['verdict']} ({count} in {searched})"
    write_searchable(said, console, f"bold {COLOURS[record['verdict']]}")
    session = record["session"]
    rate = session["schedules"] / session["seconds"] if session["seconds"] else 0.0
    jobs = counted(record["jobs"], "worker")
    write_line(f"{WHY[record['ended']]}: {session['seconds']:.1f} s with {jobs}, {rate:,.0f} schedules/s, seed {record['seed']}", console)
    console.print(Text(f"saved in {record['folder']}; continue with: subwarden hunt --resume {quote(record['folder'])}"), soft_wrap=True)


BOUNDS = ("bound 0", "1", "2", "3", "all")
LEAST = ("seen once", "3", "2", "variants", "1", "all", "bound 0", "next new")  # the columns to leave out first


def _checks(coverage: dict[str, HuntCoverageRecord], width: int, *, verbose: bool) -> Table:
    """A row a check, with as many columns as `width` has room for. The bounds: for how many variants of programs every schedule with at
    most so many deviations from fifo was run.
    """
    rows = [_figures(name, of, verbose=verbose) for name, of in coverage.items()]
    columns = list(rows[0]) if rows else ["check"]
    for least in LEAST:
        if sum(max(len(column), *(len(row[column]) for row in rows)) + 2 for column in columns) > width + 2 and least in columns:
            columns.remove(least)
    table = _table(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*(row[column] for column in columns))
    return table


def _figures(name: str, of: HuntCoverageRecord, *, verbose: bool) -> dict[str, str]:
    """The cells of a check's row, by column."""
    ends = of["end_states"]
    about = "" if ends["exact"] else "~"
    row = {"check": name, "programs": f"{of['programs']:,}", "schedules": f"{of['schedules']:,}"}
    if verbose:
        within = [f"{of['complete_within'].get(str(k), 0):,}" for k in range(4)]
        row |= {"variants": f"{of['variants']:,}", **dict(zip(BOUNDS, [*within, f"{of['complete']:,}"], strict=True))}
    row["end states"] = f"{about}{ends['distinct']:,}"
    row |= {"seen once": f"{about}{ends['seen_once']:,}"} if verbose else {}
    return {**row, "next new": percent(ends["unseen"])}


def _strategies(strategies: list[StrategyRecord]) -> Table:
    table = _table("strategy")
    for column in ("runs", "new end states", "per 1,000 runs", "causes found first"):
        table.add_column(column, justify="right")
    for of in strategies:
        new, rate = ("-", "-") if of["new"] is None else (f"{of['new']:,}", f"{1000 * of['new'] / max(of['runs'], 1):,.1f}")
        table.add_row(of["name"], f"{of['runs']:,}", new, rate, f"{of['causes']:,}")
    return table


def _coverage(name: str, of: HuntCoverageRecord, console: Console) -> None:
    if not of["schedules"]:
        console.print(Text(f"\n{name}: no schedule was run", style="yellow"))
        return
    write_coverage(name, of, console)
    reasons = of["not_searched"]
    if reasons:
        variants = sum(reason["variants"] for reason in reasons)
        more = f" (--json has {len(reasons) - 1} more reasons)" if len(reasons) > 1 else ""
        write_line(f"  state search impossible for {variants:,} variants of small programs: {reasons[0]['why']}{more}", console)


def _unseen(record: HuntRecord, console: Console) -> None:
    programs = [(of["end_states"]["runs"], of["unseen_of_programs"]) for of in record["coverage"].values()]
    known = [(runs, unseen) for runs, unseen in programs if unseen is not None]
    if not known:
        return
    again = sum(unseen * runs for runs, unseen in known) / max(sum(runs for runs, _ in known), 1)
    console.print(Text("\nestimated chances (Good-Turing)"))
    write_line(
        f"  {percent(record['outcomes']['unseen'])} that the next schedule reaches an end state that no schedule has reached", console
    )
    write_line(
        f"  {percent(again)} that one more schedule of a program tried before reaches an end state that is new for this program", console
    )
    if not record["outcomes"]["exact"]:
        error = percent(record["outcomes"]["relative_error"])
        write_line(f"  numbers with ~ are estimates from a sample, with a relative standard error of {error}", console)


def _table(first: str) -> Table:
    table = bare_table()
    table.add_column(first, no_wrap=True)
    return table
