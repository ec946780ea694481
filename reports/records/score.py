"""The record of a mutation score: each fault that was planted in a subject, and whether its check noticed it."""

from typing import Final, Literal, NotRequired, TypedDict

from subwarden.reports.records.finding import FindingRecord, VerdictName
from subwarden.reports.records.gate import AdapterRecord

SCORE_SCHEMA: Final = "subwarden/score/1"
Fate = Literal["noticed", "survived", "never run", "not loaded", "not judged", "apart"]


class NoticedRecord(TypedDict):
    """How a fault showed. `property`: its name, empty where it is none; `order`: the weakest that showed it, empty where none decides."""

    property: str
    said: str
    order: str
    cancellation: bool


class FaultRecord(TypedDict):
    """A fault. `said`: what is wrong then; `shown`: the lines as a difference. `fate`: `never run`: no schedule runs the line, though some
    run its class or function; `apart`: none runs that, so it does not count, as one that cannot be loaded does not.
    """

    file: str
    line: int
    function: str
    operator: str
    said: str
    shown: list[str]
    fate: Fate
    noticed: NoticedRecord | None


class ModuleRecord(TypedDict):
    """A module that faults were planted in. `same`: how many more would have changed nothing."""

    file: str
    faults: int
    same: int


class ScoreRecord(AdapterRecord):
    """A mutation score. `score`: percent of the faults that count; None where none was judged. `at_least`: the score that was asked for.
    `holds`: whether the subject does, without a fault; else `findings` has how it fails (of a scenario, `fails`), and no fault is judged.
    `lost`: a line for each worker that died.
    """

    schema: Literal["subwarden/score/1"]
    subject: str
    seed: int
    hash_seed: int
    schedules: int
    orders: list[str]
    verdict: VerdictName
    holds: bool
    score: int | None
    at_least: int | None
    modules: list[ModuleRecord]
    faults: list[FaultRecord]
    findings: list[FindingRecord]
    fails: NotRequired[str]
    doubts: list[str]
    lost: list[str]
