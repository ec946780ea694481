"""The coverage of one check as its record, the same for the gate and a hunt."""

from collections import Counter
from pathlib import Path

from subwarden import stateful_tests
from subwarden.checking.place import path_of
from subwarden.reports.records.coverage import CoverageRecord
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage import completeness, stakes
from subwarden.stateful_tests.exploring.coverage.good_turing import DigestCounter
from subwarden.stateful_tests.exploring.coverage.overlap import Closely
from subwarden.stateful_tests.exploring.coverage.points import Point, at_level, texts
from subwarden.stateful_tests.exploring.coverage.stakes import Stakes
from subwarden.stateful_tests.exploring.level import Factory, Level

OURS = path_of(str(Path(stateful_tests.__file__).parent)) + "/"  # the player's own awaits, which are none of the subject's


def coverage_record(
    check: Check,
    level: Level,
    factory: Factory,
    fired: set[Point],
    closely: Closely,
    end_states: DigestCounter,
    complete: Counter[str],
    at_stake: Stakes,
) -> CoverageRecord:
    """The record of the coverage of `check`, whose level and subject are `level` and `factory`. `end_states` are those of sampled runs."""
    expected = check.expected(level) | at_level(level.scope, level.brings(factory))
    absent = at_level(level.scope, level.absent(factory))
    awaits = {place for place in closely.awaits if not place.startswith(OURS)}
    searched = completeness.record(complete)
    duties = stakes.record(at_stake, expected)
    covered: CoverageRecord = {
        "fired": texts(fired),
        "never_fired": texts(expected - fired - absent),
        "looked_closely": closely.runs,
        "awaits": sorted(awaits),
        "awaits_never": sorted(level.awaits(factory) - awaits),
        "overlapped": sorted(closely.overlaps),
        "never_overlapped": sorted(level.overlaps(factory) - closely.overlaps),
        "variants": searched["variants"],
        "complete_within": searched["complete_within"],
        "complete": searched["complete"],
        "faults": searched["faults"],
        "end_states": {
            "distinct": end_states.distinct,
            "seen_once": end_states.seen_once,
            "runs": end_states.total,
            "unseen": end_states.chance_of_new,
            "exact": end_states.exact,
        },
    }
    if duties:
        covered["stakes"] = duties
    return covered
