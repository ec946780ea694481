"""The records of a subject in a process of its own: its gate, its findings, and the checks of its protocol. `reports.exec` writes them."""

from typing import Literal, NotRequired, TypedDict

from subwarden.reports.records.finding import BrokenRecord, RunRecord, TraceRecord, VerdictName
from subwarden.reports.records.history import HistoryRecord


class ProtocolCheckRecord(TypedDict):
    """One check of `subwarden conform`. `said`: the observation or the reason for skipping; `mend`: the advice. Both may be empty."""

    name: str
    verdict: str
    said: str
    mend: str


class ProtocolRecord(TypedDict):
    """The checks of `subwarden conform` on `command`."""

    schema: Literal["subwarden/conform/1"]
    command: str
    verdict: VerdictName
    checks: list[ProtocolCheckRecord]


class ExecRunRecord(BrokenRecord, RunRecord):
    """A run that violates a property. `first`: the calls made one by one before the tasks start; `schedule`: None where the process
    schedules itself; `trace`: what the process showed beside the model, at each step.
    """

    first: list[str]
    schedule: list[str] | None
    trace: NotRequired[TraceRecord]


class ExecFindingRecord(ExecRunRecord):
    """A finding: it `failed` in so many of the `counted` runs, if there was time to try it again (`tried`). `replay` and `history` are
    files, `short` the name of the run where it is kept.
    """

    failed: int
    counted: int
    tried: bool
    replay: str
    short: NotRequired[str]
    history: str
    judgement: HistoryRecord


class ExecCoverageRecord(TypedDict):
    """The kinds of transition and choice that fired, and those that did not."""

    fired: list[str]
    never_fired: list[str]


class ExecGateRecord(TypedDict):
    """A gate on a process. `overtook`: calls that were answered before an earlier call; `scheduled`: subwarden chooses every step."""

    schema: Literal["subwarden/exec/1"]
    subject: str
    name: str
    operations: list[str]
    scheduled: bool
    observed: bool
    answer_within: float
    profile: str
    seed: int
    verdict: VerdictName
    stopped: bool
    programs: int
    runs: int
    steps: int
    overtook: int
    seconds: float
    findings: list[ExecFindingRecord]
    coverage: ExecCoverageRecord
    doubts: list[str]
