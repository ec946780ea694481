"""The record of what was searched, as a check, a hunt or a gate counts it."""

from typing import NotRequired, TypedDict


class FaultSweepRecord(TypedDict):
    """Programs that were swept for faults along one schedule, and for how many of them each fault alone, and each pair, was tried at each
    moment.
    """

    struck: int
    singly: int
    in_pairs: int


class CompletenessRecord(TypedDict):
    """Of how many `variants` of programs all schedules within 0, 1, 2 or 3 deviations from fifo, or all schedules (`complete`), were
    run.
    """

    variants: int
    complete_within: dict[str, int]
    complete: int
    faults: dict[str, FaultSweepRecord]


class EndStatesRecord(TypedDict):
    """The end states of the `runs` that were sampled. `unseen`: the chance that the next run ends in a new one (Good-Turing); None before
    the first. Not `exact`: both counts are estimates.
    """

    distinct: int
    seen_once: int
    runs: int
    unseen: float | None
    exact: bool


class StakeRecord(TypedDict):
    """A duty of level server: the runs in which it was at stake, and those in which the server could have broken it."""

    name: str
    runs: int
    breakable: int


class CoverageRecord(CompletenessRecord):
    """What the runs of one check covered. Points of coverage are named in words (`rule settle`), awaits by path:line. `stakes`: absent
    where the level has none.
    """

    fired: list[str]
    never_fired: list[str]
    looked_closely: int
    awaits: list[str]
    awaits_never: list[str]
    overlapped: list[str]
    never_overlapped: list[str]
    stakes: NotRequired[list[StakeRecord]]
    end_states: EndStatesRecord


class NotSearchedRecord(TypedDict):
    """Why the states of so many variants of small programs could not be searched."""

    why: str
    variants: int


class HuntCoverageRecord(CoverageRecord):
    """The same for a check of a hunt. `unseen_of_programs`: the chance that one more schedule of a program tried already ends in a state
    that is new for that program.
    """

    programs: int
    schedules: int
    not_searched: list[NotSearchedRecord]
    unseen_of_programs: float | None


class ModelCoverageRecord(TypedDict):
    """Transitions of the model's reachable graph, at a small scope, that the rule machines took and never took."""

    scope: str
    transitions: int
    taken: int
    never_taken: dict[str, int]
    examples: list[str]


class GateCoverageRecord(TypedDict):
    """The coverage of a gate: over all checks, of the model's graph (None where no check is of level manager), and for each check."""

    fired: list[str]
    never_fired: list[str]
    model: ModelCoverageRecord | None
    checks: dict[str, CoverageRecord]
