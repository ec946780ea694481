"""The record of a hunt, over all its sessions."""

from shlex import quote
from typing import Final, Literal, NotRequired, TypedDict

from subwarden.reports.records.coverage import HuntCoverageRecord
from subwarden.reports.records.finding import FindingRecord, VerdictName
from subwarden.reports.records.gate import AdapterRecord

HUNT_SCHEMA: Final = "subwarden/hunt/1"
ExitReasonName = Literal["budget", "rounds", "stopped", "no workers", "all lost", "unwritten", "unfit", "gone"]


class StrategyRecord(TypedDict):
    """A strategy of a hunt. `new`: runs that reached an end state new for their program (None: not counted); `causes`: those it showed
    first.
    """

    name: str
    runs: int
    new: int | None
    causes: int


class SessionRecord(TypedDict):
    """The last session of a hunt."""

    schedules: int
    seconds: float


class OutcomesRecord(TypedDict):
    """End states over all checks of a hunt. `relative_error`: the standard error of the counts where they are not `exact`."""

    distinct: int
    seen_once: int
    unseen: float | None
    exact: bool
    relative_error: float


class KillingRecord(TypedDict):
    """The subject ends the process that runs it: in this round of this worker, all that ran it have `died`. `again`: a command that shows
    it; `replay`: the file of the run in which the last of them died.
    """

    check: str
    worker: int
    round: int
    died: str
    again: str
    replay: NotRequired[str]


KILLING = "the subject ends the process that runs it"


def killing_shown(of: KillingRecord) -> str:
    """The command that shows it."""
    return f"subwarden replay {quote(of['replay'])}" if "replay" in of else of["again"]


def killing_said(of: KillingRecord) -> str:
    """In words, for a line."""
    return f"{KILLING}: in round {of['round']} of worker {of['worker']}, {of['check']}, each of three workers {of['died']}"


class HuntRecord(AdapterRecord):
    """A hunt, over all its sessions. `lost`: a line for each worker that died."""

    schema: Literal["subwarden/hunt/1"]
    subject: str
    verdict: VerdictName
    ended: ExitReasonName
    folder: str
    seed: int
    jobs: int
    session: SessionRecord
    seconds: float
    programs: int
    schedules: int
    steps: int
    rounds: int
    strategies: list[StrategyRecord]
    findings: list[FindingRecord]
    coverage: dict[str, HuntCoverageRecord]
    never_fired: list[str]
    outcomes: OutcomesRecord
    lost: list[str]
    killing: NotRequired[list[KillingRecord]]
    doubts: list[str]
