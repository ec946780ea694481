"""Writes the statistics of a check: what was reached, which awaits suspended, which operations overlapped, how completely it searched."""

from collections.abc import Iterable, Sequence

from rich.console import Console

from subwarden.reports.layout.wrapping import write_line
from subwarden.reports.records.coverage import CompletenessRecord, CoverageRecord, StakeRecord

NAMED = 4  # names in a line; all of them are in the JSON
SWEPT = {"fifo": "in the order of stock asyncio", "drawn": "in the order in which the program was drawn"}


def write_coverage(name: str, of: CoverageRecord, console: Console, named: int = NAMED) -> None:
    """Write the coverage of the check `name`; `named`: how many names of what is missing fit in a line."""
    fired, never = len(of["fired"]), of["never_fired"]
    console.print()
    write_line(f"{name}: {fired} of {fired + len(never)} coverage points reached", console)
    write_names("not reached in this check", never, named, console)
    awaits, pairs = len(of["awaits"]), len(of["overlapped"])
    suspended = f"a task was suspended at {awaits} of {awaits + len(of['awaits_never'])} awaits of the code"
    overlapped = f"{pairs} of {pairs + len(of['never_overlapped'])} pairs of operations were in progress at once"
    write_line(f"  in {of['looked_closely']:,} runs that were traced, {suspended}; {overlapped}", console)
    write_names("never suspended", of["awaits_never"], named, console)
    if pairs:
        write_names("never at once", of["never_overlapped"], named, console)
    write_stakes(of.get("stakes", ()), console)
    for schedule, faults in of["faults"].items():
        singly = f"a cancellation or failure at each step, for {faults['singly']:,} of {faults['struck']:,} programs"
        write_line(f"  {SWEPT[schedule]}: {singly}; two of them at all pairs of steps, for {faults['in_pairs']:,}", console)


def write_stakes(stakes: Sequence[StakeRecord], console: Console) -> None:
    """Write in how many runs each duty was at stake, and in how many of these the server could have broken it."""
    if stakes:
        write_line("  runs in which a duty was at stake, and of these those in which the server could have broken it:", console)
    for stake in stakes:
        write_line(f"    {stake['name']}: {stake['runs']:,}, {stake['breakable']:,}", console)


def write_complete(of: CompletenessRecord, console: Console) -> None:
    """Write for how many variants of programs all schedules were run, up to each delay bound and without one."""
    bounds = list(of["complete_within"].items())
    if bounds:
        (least, complete), *more = bounds
        said = [f"for {complete:,} of {of['variants']:,} variants of programs, every schedule with {_deviations(least)}"]
        said += [f"for {count:,}, with {_deviations(bound)}" for bound, count in more]
        write_line(f"  complete: {'; '.join(said)}; for {of['complete']:,}, every schedule", console)


def _deviations(bound: str) -> str:
    return {"0": "no deviation from stock asyncio's order", "1": "at most 1"}.get(bound, f"at most {bound}")


def write_ends(of: CoverageRecord, console: Console) -> None:
    """Write the number of end states that the sampled runs reached, and the chance of a new one."""
    ends = of["end_states"]
    if not ends["runs"]:
        return
    about = "" if ends["exact"] else "~"
    counts = (
        f"{ends['runs']:,} sampled runs ended in {about}{ends['distinct']:,} different states, {about}{ends['seen_once']:,} of them once"
    )
    write_line(
        f"  {counts}; the next run ends in a new one with a chance of about {percent(ends['unseen'])} (Good-Turing estimate)", console
    )


def write_names(label: str, names: list[str], most: int, console: Console) -> None:
    """Write the first `most` of `names` after `label`, and how many more there are; nothing if there are none."""
    if names:
        more = f", and {len(names) - most} more (all with --json)" if len(names) > most else ""
        write_line(f"  {label}: {', '.join(names[:most])}{more}", console)


def percent(share: float | None) -> str:
    """A share in percent, with the two digits that an estimate is worth."""
    if share is None:
        return "-"
    return f"{100 * share:.2g}%"


def shares(of: CoverageRecord) -> list[tuple[int, int]]:
    """What was covered in each way, of how much: points, awaits, overlaps of calls, and schedules of variants (without deviation from fifo,
    with at most one, and all).
    """
    variants, within = of["variants"], of["complete_within"]
    reached = (
        (of["fired"], of["never_fired"]),
        (of["awaits"], of["awaits_never"]),
        (of["overlapped"], of["never_overlapped"]),
    )
    lists = [(len(done), len(done) + len(left)) for done, left in reached]
    return [*lists, *((within.get(bound, 0), variants) for bound in ("0", "1")), (of["complete"], variants)]


def score(checks: Iterable[CoverageRecord]) -> float | None:
    """One number for the coverage of a whole run, from 0 to 100: the mean of all shares of all checks. None where there is nothing to
    cover.
    """
    found = [done / most for of in checks for done, most in shares(of) if most]
    return 100 * sum(found) / len(found) if found else None
