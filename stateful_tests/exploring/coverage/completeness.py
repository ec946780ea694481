"""What searches were complete about, as counts of programs under names that add up across processes and are written to disk."""

from collections import Counter
from typing import Any

EXPLORED = "variants"  # a program with what may go wrong in it is a variant; this many were explored
EVERYTHING = "everything"  # every schedule there is has been run
FIFO, DRAWN = "fifo", "drawn"  # the two schedules that faults strike, see `each_fault`
WITHIN = ("0", "1", "2", "3")  # deviations from fifo


def deviations(within: int, everything: bool) -> Counter[str]:
    """Of one variant: every schedule has been run that has at most so many deviations from fifo, or every one there is."""
    return Counter([EXPLORED, *(str(k) for k in range(within + 1)), *[EVERYTHING] * everything])


def faults(schedule: str, number: int) -> str:
    """The name under which is counted of how many programs every run of `schedule` with at most so many faults has been made."""
    return f"{schedule}, {number}"


def record(complete: Counter[str]) -> dict[str, Any]:
    """As reports want it: of how many of the `variants` all schedules within so many deviations, or all schedules, were run; and faults,
    where `struck` is how many programs were tried."""
    strikes = {
        schedule: {what: complete[faults(schedule, k)] for k, what in enumerate(("struck", "singly", "in_pairs"))}
        for schedule in (FIFO, DRAWN)
        if complete[faults(schedule, 0)]
    }
    within = {k: complete[k] for k in WITHIN if complete[k]}
    return {"variants": complete[EXPLORED], "complete_within": within, "complete": complete[EVERYTHING], "faults": strikes}
