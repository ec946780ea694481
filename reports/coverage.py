"""Writes the coverage of a check: points that fired, awaits that suspended, operations that overlapped, bounds that were completed."""

from rich.console import Console
from rich.text import Text

from subwarden.reports.record import CompletenessRecord, CoverageRecord

NAMED = 4  # names in a line; all of them are in the JSON
POINTS = "rules, operations, transitions, orders, moments of faults"  # the kinds of coverage point
SWEPT = {"fifo": "the fifo schedule", "drawn": "a drawn schedule"}


def write_coverage(name: str, of: CoverageRecord, console: Console, named: int = NAMED) -> None:
    """Write the coverage of the check `name`; `named`: how many names of what is missing fit in a line."""
    fired, never = len(of["fired"]), of["never_fired"]
    console.print(Text(f"\n{name}: {fired} of {fired + len(never)} coverage points fired"))
    write_names("never fired", never, named, console)
    awaits, pairs = len(of["awaits"]), len(of["overlapped"])
    suspended = f"{awaits} of {awaits + len(of['awaits_never'])} awaits suspended"
    overlapped = f"{pairs} of {pairs + len(of['never_overlapped'])} pairs of operations overlapped"
    console.print(Text(f"  {of['looked_closely']:,} traced runs: {suspended}, {overlapped}"))
    write_names("never suspended", of["awaits_never"], named, console)
    if pairs:
        write_names("never overlapped", of["never_overlapped"], named, console)
    for schedule, faults in of["faults"].items():
        singly = f"each fault at each moment for {faults['singly']:,} of {faults['struck']:,} programs"
        console.print(Text(f"  fault sweep along {SWEPT[schedule]}: {singly}, each pair for {faults['in_pairs']:,}"))


def write_complete(of: CompletenessRecord, console: Console) -> None:
    """Write for how many variants of programs all schedules were run, up to each delay bound and without one."""
    bounds = list(of["complete_within"].items())
    if bounds:
        (least, complete), *more = bounds
        said = [f"delay bound {least}: complete for {complete:,} of {of['variants']:,} variants of programs"]
        said += [f"bound {bound}: {count:,}" for bound, count in more]
        console.print(Text(f"  {'; '.join(said)}; all schedules: {of['complete']:,}"))


def write_ends(of: CoverageRecord, console: Console) -> None:
    """Write the number of end states that the sampled runs reached, and the chance of a new one."""
    ends = of["end_states"]
    if not ends["runs"]:
        return
    about = "" if ends["exact"] else "~"
    counts = f"{ends['runs']:,} sampled runs reached {about}{ends['distinct']:,} end states, {about}{ends['seen_once']:,} of them once"
    console.print(Text(f"  {counts}; chance that the next is new: {percent(ends['unseen'])} (Good-Turing)"))


def write_names(label: str, names: list[str], most: int, console: Console) -> None:
    """Write the first `most` of `names` after `label`, and how many more there are; nothing if there are none."""
    if names:
        more = f", and {len(names) - most} more (all with --json)" if len(names) > most else ""
        console.print(Text(f"  {label}: {', '.join(names[:most])}{more}"))


def percent(share: float | None) -> str:
    """A share in percent, with the two digits that an estimate is worth."""
    if share is None:
        return "-"
    return f"{100 * share:.2g}%"
