"""The record of a gate, and of a program that a user wrote, which is checked alike."""

from typing import Final, Literal, NotRequired, TypedDict

from subwarden.reports.records.coverage import GateCoverageRecord
from subwarden.reports.records.finding import FindingRecord, TaskRow, VerdictName

GATE_SCHEMA: Final = "subwarden/gate/1"
PLAY_SCHEMA: Final = "subwarden/play/1"


class AdapterRecord(TypedDict):
    """Judgements that an adapter switched off, with the reason, and those that its methods do not allow (`unjudged`: the properties among
    them, and why). Absent for other subjects.
    """

    off: NotRequired[dict[str, str]]
    unjudged: NotRequired[dict[str, str]]
    not_played: NotRequired[list[str]]


class CheckRecord(TypedDict):
    """A check of a gate. `verdict` is None where there was nothing to replay."""

    name: str
    verdict: VerdictName | None
    programs: int
    schedules: int
    steps: int
    seconds: float


class GateRecord(AdapterRecord):
    """A gate. `seed`: its programs were drawn by it; `hash_seed`: of the string hash (None: not pinned); `stopped`: cut short by hand."""

    schema: Literal["subwarden/gate/1"]
    subject: str
    profile: str
    seed: int
    hash_seed: int | None
    verdict: VerdictName
    stopped: bool
    checks: list[CheckRecord]
    findings: list[FindingRecord]
    coverage: GateCoverageRecord
    doubts: list[str]


class PlayRecord(TypedDict):
    """A program that a user wrote, played in each order: its `tasks`, a check an order, and the findings as a gate has them."""

    schema: Literal["subwarden/play/1"]
    subject: str
    verdict: VerdictName
    tasks: list[TaskRow]
    checks: list[CheckRecord]
    findings: list[FindingRecord]
    doubts: list[str]
