"""What the runs of one check have covered, what they have not, and what they were complete about: the same for the gate and a hunt."""

from collections import Counter
from typing import Any

from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage import completeness as complete
from subwarden.stateful_tests.exploring.coverage.good_turing import Seen
from subwarden.stateful_tests.exploring.coverage.overlap import Closely
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.subjects.levels import LEVELS

OURS = "stateful_tests."  # the player's own awaits, which are none of the subject's


def coverage_record(check: Check, factory: Factory, fired: set[str], closely: Closely, ends: Seen, done: Counter[str]) -> dict[str, Any]:
    """As plain data. `ends.total` is the number of runs that were asked how they ended."""
    level = LEVELS[check.level]
    expected = check.expected() | {level.prefix + name for name in level.brings(factory)}
    absent = {level.prefix + name for name in level.absent(factory)}
    awaits = {place for place in closely.awaits if not place.startswith(OURS)}
    return {
        "fired": sorted(fired),
        "never_fired": sorted(expected - fired - absent),
        "looked_closely": closely.runs,
        "awaits": sorted(awaits),
        "awaits_never": sorted(level.awaits(factory) - awaits),
        "overlapped": sorted(closely.overlaps),
        "never_overlapped": sorted(level.overlaps(factory) - closely.overlaps),
        **complete.record(done),
        "end_states": {
            "distinct": ends.distinct,
            "seen_once": ends.seen_once,
            "runs": ends.total,
            "unseen": ends.unseen,
            "exact": ends.exact,
        },
    }
