"""Searches that were complete, as counts of programs under names that add up across processes and are written to disk."""

from collections import Counter

from subwarden.reports.records.coverage import CompletenessRecord, FaultSweepRecord

EXPLORED = "variants"  # a variant is a program with a choice of the faults that may happen in it; so many were explored
EVERYTHING = "everything"  # every schedule there is has been run
FIFO, DRAWN = "fifo", "drawn"  # the two schedules that are swept for faults, see `fault_sweep`
WITHIN = ("0", "1", "2", "3")  # deviations from fifo


def deviations(within: int, everything: bool) -> Counter[str]:
    """Counts one variant, of which every schedule has been run that has at most `within` deviations from fifo, or every one there is."""
    return Counter([EXPLORED, *(str(k) for k in range(within + 1)), *[EVERYTHING] * everything])


def faults(schedule: str, number: int) -> str:
    """The name that counts the programs of which every run of `schedule` with at most `number` faults has been made; 0: that were tried."""
    return f"{schedule}, {number}"


def record(complete: Counter[str]) -> CompletenessRecord:
    """The counts as a record."""
    swept = {
        schedule: FaultSweepRecord(
            struck=complete[faults(schedule, 0)], singly=complete[faults(schedule, 1)], in_pairs=complete[faults(schedule, 2)]
        )
        for schedule in (FIFO, DRAWN)
        if complete[faults(schedule, 0)]
    }
    within = {k: complete[k] for k in WITHIN if complete[k]}
    return {"variants": complete[EXPLORED], "complete_within": within, "complete": complete[EVERYTHING], "faults": swept}
