"""What the runs of a check have covered, in text: what fired, where tasks were suspended, what overlapped, and what was complete."""

from rich.console import Console
from rich.text import Text

from subwarden.reports.record import CompletenessRecord, CoverageRecord

NAMED = 4  # names in a line; all of them are in the JSON
SCHEDULES = {"fifo": "fifo's schedule", "drawn": "the drawn schedule"}


def write_coverage(name: str, of: CoverageRecord, console: Console, named: int = NAMED) -> None:
    """Write what the runs of the check `name` have covered. `of` is made by `stateful_tests.exploring.coverage.record`; `named`: names in
    a line."""
    fired, never = len(of["fired"]), of["never_fired"]
    console.print(Text(f"\n{name}: {fired} of {fired + len(never)} rules, operations, transitions, orders and moments fired"))
    write_names("never fired", never, named, console)
    seen = len(of["awaits"])
    looked = f"{of['looked_closely']:,} runs looked at closely"
    console.print(Text(f"  {seen} of {seen + len(of['awaits_never'])} awaits suspended in {looked}"))
    write_names("never suspended", of["awaits_never"], named, console)
    pairs = len(of["overlapped"])
    console.print(Text(f"  {pairs} of {pairs + len(of['never_overlapped'])} pairs of operations overlapped in them"))
    if pairs:
        write_names("never overlapped", of["never_overlapped"], named, console)
    for schedule, faults in of["faults"].items():
        singly = f"  each fault at each moment of {SCHEDULES[schedule]}: complete for {faults['singly']:,} of {faults['struck']:,} programs"
        console.print(Text(f"{singly}, in pairs for {faults['in_pairs']:,}"))


def write_complete(of: CompletenessRecord, console: Console) -> None:
    """Write of how many variants of programs all schedules within so many deviations from fifo were run."""
    within = [f"within {k} of {n:,}" for k, n in of["complete_within"].items()]
    if within:
        said = f"all schedules {', '.join(within)} (deviations from fifo); every schedule of {of['complete']:,}"
        console.print(Text(f"  of {of['variants']:,} variants: {said}"))


def write_ends(of: CoverageRecord, console: Console) -> None:
    """Write how runs ended, of those that were asked, and the chance of something new."""
    ends = of["end_states"]
    if not ends["runs"]:
        return
    about = "" if ends["exact"] else "~"
    counts = f"  {ends['runs']:,} runs asked ended in {about}{ends['distinct']:,} states, {about}{ends['seen_once']:,} of them once"
    console.print(Text(f"{counts}; chance that the next is new (Good-Turing): {percent(ends['unseen'])}"))


def write_names(what: str, names: list[str], most: int, console: Console) -> None:
    """Write the first `most` of `names`, and how many more there are; nothing if there are none."""
    if names:
        more = f", and {len(names) - most} more (all with --json)" if len(names) > most else ""
        console.print(Text(f"  {what}: {', '.join(names[:most])}{more}"))


def percent(share: float | None) -> str:
    """A share in words: three digits are more than an estimate is worth."""
    if share is None:
        return "-"
    return f"{100 * share:.2g}%"
