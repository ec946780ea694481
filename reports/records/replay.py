"""The record of a run that was played again."""

from typing import Final, Literal, NotRequired, TypedDict

from subwarden.reports.records.finding import BrokenRecord, StepRow, TaskRow, TraceRecord, VerdictName

REPLAY_SCHEMA: Final = "subwarden/replay/1"


class TriesRecord(TypedDict):
    """Of `counted` runs of one program, so many `failed`."""

    failed: int
    counted: int


HELD = "holds"  # what a run that was saved by hand, and broke nothing, was recorded for


def why_recorded(cause: str) -> str:
    """Why a run was recorded, as the end of a sentence on it."""
    return "it held when it was saved" if cause == HELD else f"it was recorded for {cause}"


class ReplayRecord(TypedDict):
    """A run that was played again. If it still violates something, `tasks` and `steps` are there, and if it was asked for, the rest is:
    `replay` and the script as a finding has them. `tries`: of a process that schedules itself, which has no run to repeat exactly.
    """

    schema: Literal["subwarden/replay/1"]
    subject: str
    recorded_for: str
    verdict: VerdictName
    steps_run: int
    findings: list[BrokenRecord]
    tasks: NotRequired[list[TaskRow]]
    steps: NotRequired[list[StepRow]]
    printed: NotRequired[list[str]]
    trace: NotRequired[TraceRecord]
    replay: NotRequired[str]
    script: NotRequired[str | None]
    script_confirmed: NotRequired[bool | None]
    script_doubt: NotRequired[str | None]
    tries: NotRequired[TriesRecord]
