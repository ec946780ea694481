"""The trace of a finding's run for pictures: what the recorder saw, where the run was lost, and the nearest run that holds."""

from collections.abc import Sequence

from subwarden.reports.html.trace_record import RunTraceRecord
from subwarden.reports.records.finding import HoldingRunRecord, StepRow, TraceRecord
from subwarden.stateful_tests.exploring.findings.narrate import Narration
from subwarden.stateful_tests.exploring.findings.parting import Parting, lost_record, parting
from subwarden.stateful_tests.exploring.findings.pictured.model_moves import moves_record
from subwarden.stateful_tests.exploring.findings.recording import Recording
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.exploring.runner import Runner, running


def trace_record(runner: Runner, run: FailingRun, steps: Sequence[StepRow], recording: Recording) -> TraceRecord:
    """The trace of `run`, whose rows are `steps` and which `recording` has heard. Searches for a run that holds, on `runner`."""
    with running():
        parted = parting(runner, run.cause, run.program, run.names)
        row, holds = 0, None
        if isinstance(parted, Parting) and parted.common is not None:
            common = recording.row_of[parted.common]
            row = min(common + 1, len(steps))
            holds = _holding(runner, run._replace(names=parted.names), common)
    traced = recording.trace(steps)
    model = None if recording.model is None else moves_record(recording.model, run.program.tasks, runner.level.say_operation)
    return {**traced, **lost_record(parted, row), "subject_at": _subject_at(steps, traced), "holds": holds, "model": model}


def _holding(runner: Runner, run: FailingRun, common: int) -> HoldingRunRecord:
    narration, recording = Narration(), Recording()
    runner.follow(run.program, run.names, [narration, recording])
    steps = narration.rows(run.cause)
    return {"common": common, "steps": steps, "trace": recording.trace(steps)}


def _subject_at(steps: Sequence[StepRow], trace: RunTraceRecord) -> str | None:
    """The place at which the task that broke the property raised, was suspended or at work last, up to then; else that of any task."""
    broken = next((at for at, row in enumerate(steps) if row["broken"]), len(steps) - 1)
    places: list[tuple[str, str]] = []
    for row, moment in zip(steps[: broken + 1], trace["moments"][1:], strict=False):
        at = row.get("raised_at") or (row["at"] if row["at"] in trace["places"] else moment.get("worked_at"))
        if at is not None:
            places.append((row["task"], at))
    own = [at for task, at in places if task == steps[broken]["task"]]
    found = own or [at for _, at in places]
    return found[-1] if found else None
