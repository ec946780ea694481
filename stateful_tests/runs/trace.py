"""The trace of a finding's run for pictures: what the recorder saw, where the run was lost, and the nearest run that holds."""

from collections.abc import Sequence

from subwarden.reports.record import HoldingRunRecord, StepRow, TraceRecord
from subwarden.stateful_tests.exploring.findings.narrate import Narration
from subwarden.stateful_tests.exploring.findings.parting import parting
from subwarden.stateful_tests.exploring.findings.recording import Recording
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.exploring.runner import Runner, running


def trace_record(runner: Runner, run: FailingRun, steps: Sequence[StepRow], recording: Recording) -> TraceRecord:
    """The trace of `run`, whose rows are `steps` and which `recording` has heard. Searches for a run that holds, on `runner`."""
    with running():
        parted = parting(runner, run.cause, run.program, run.names)
        lost_at, holds = None, None
        if parted is not None:
            lost_at = 0
            if parted.common is not None:
                lost_at = min(recording.row_of[parted.common] + 1, len(steps))
                common = recording.row_of[parted.common]
                holds = _holding(runner, run._replace(names=parted.names), common)
    traced = recording.trace(steps)
    return {
        **traced,
        "lost_at": lost_at,
        "tried": 0 if parted is None else parted.tried,
        "every": parted is not None and parted.every,
        "subject_at": _subject_at(steps, list(traced["places"])),
        "holds": holds,
    }


def _holding(runner: Runner, run: FailingRun, common: int) -> HoldingRunRecord:
    narration, recording = Narration(), Recording()
    runner.follow(run.program, run.names, [narration, recording])
    steps = narration.rows(run.cause)
    return {"common": common, "steps": steps, "trace": recording.trace(steps)}


def _subject_at(steps: Sequence[StepRow], places: Sequence[str]) -> str | None:
    """The last place of the task that broke the property, up to then; else the last place of any task."""
    broken = next((at for at, row in enumerate(steps) if row["broken"]), len(steps) - 1)
    rows = [row for row in reversed(steps[: broken + 1]) if row["at"] in places]
    own = [row for row in rows if row["task"] == steps[broken]["task"]] if steps else []
    return (own or rows)[0]["at"] if rows else None
