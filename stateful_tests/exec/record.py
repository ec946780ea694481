"""The record of a gate on a process, as plain data. Reports are made from it alone."""

from pathlib import Path
from typing import Final, cast

from subwarden.checking.adapter_judge import OBSERVE_SHOWS
from subwarden.checking.causes import Cause
from subwarden.checking.verdict import Verdict, worst
from subwarden.reports.html.trace_record import LostRecord, RunTraceRecord
from subwarden.reports.records.exec import ExecFindingRecord, ExecGateRecord, ExecRunRecord
from subwarden.reports.records.finding import BrokenRecord, StepRow, TaskRow
from subwarden.reports.records.history import HistoryRecord
from subwarden.reports.records.replay import REPLAY_SCHEMA, ReplayRecord
from subwarden.stateful_tests.exec.finding import ExecFinding
from subwarden.stateful_tests.exec.gate import ExecOutcome
from subwarden.stateful_tests.exec.models.core import CORE
from subwarden.stateful_tests.exec.models.exec_model import ExecModel
from subwarden.stateful_tests.exec.pictured.trace import trace_of
from subwarden.stateful_tests.exec.play import ExecRun
from subwarden.stateful_tests.exec.process import PREFIX
from subwarden.stateful_tests.exec.saved import SavedRun, save
from subwarden.stateful_tests.runs.history_record import record as judgement_record

SCHEMA: Final = "subwarden/exec/1"
CHOICE = "a choice of what runs next"
ALONE = "one by one"  # the column of calls made while no other is open


def record(command: str, limit: float, profile: str, seed: int, outcome: ExecOutcome, model: ExecModel = CORE) -> ExecGateRecord:
    """The record; findings are saved for `subwarden replay` and `subwarden check`, and their files named."""
    expected = set(model.kinds(outcome.hello.operations)) | ({CHOICE} if outcome.hello.steps else set())
    expected |= {OBSERVE_SHOWS} if outcome.hello.observe else set()
    fired = outcome.kinds | ({CHOICE} if outcome.choices else set())
    never = sorted(expected - fired)
    verdicts = [Verdict.VIOLATED] if outcome.findings else [Verdict.HOLDS] if outcome.runs else []
    if never or outcome.stopped or outcome.doubts:
        verdicts.append(Verdict.INCONCLUSIVE)
    return {
        "schema": SCHEMA,
        "subject": PREFIX + command,
        "name": outcome.hello.name,
        "operations": list(outcome.hello.operations),
        "scheduled": outcome.hello.steps,
        "observed": outcome.hello.observe,
        "answer_within": limit,
        "profile": profile,
        "seed": seed,
        "verdict": worst(verdicts).value,
        "stopped": outcome.stopped,
        "programs": outcome.programs,
        "runs": outcome.runs,
        "steps": outcome.steps,
        "overtook": outcome.overtook,
        "seconds": round(outcome.seconds, 3),
        "findings": [_saved(command, limit, finding, model) for finding in sorted(outcome.findings.values(), key=ExecFinding.rank)],
        "coverage": {"fired": sorted(expected & fired), "never_fired": never},
        "doubts": outcome.doubts,
    }


def run_record(run: ExecRun, cause: Cause, model: ExecModel = CORE) -> ExecRunRecord:
    """A run that shows `cause`, for a report: the program, and the run row by row."""
    broken = run.broken
    assert broken is not None
    steps, trace = rows_of(run, broken.row + 1, model)
    steps[-1]["broken"] = [f"{cause.property.name} {cause.property.title}: {cause.said()}"]
    describe = model.specification.describe
    unsearched: LostRecord = {"lost_at": None, "tried": 0, "every": False}
    return {
        "id": cause.slug(),
        "property": cause.property.name,
        "title": cause.property.title,
        "mechanism": cause.mechanism,
        "said": cause.said(),
        "detail": broken.detail,
        "first": [describe(o) for o in run.program.first],
        "tasks": [{"name": t.name, "operations": [describe(o) for o in t.operations], "faults": ""} for t in run.program.tasks],
        "schedule": None if run.names is None else list(run.names),
        "steps": steps,
        "trace": {**trace, **unsearched, "subject_at": None, "holds": None, "model": model.pictured(run).moves()},
    }


def rows_of(run: ExecRun, count: int, model: ExecModel = CORE) -> tuple[list[StepRow], RunTraceRecord]:
    """The first `count` rows of `run`, for a report, and their trace."""
    names = [task.name for task in run.program.tasks]
    rows = run.rows[:count]
    who = [row.task if row.task in names else ALONE for row in rows]
    steps: list[StepRow] = [
        {"step": number, "task": who[number - 1], "did": row.did, "at": "", "changed": row.changed, "broken": []}
        for number, row in enumerate(rows, 1)
    ]
    return steps, trace_of(model.pictured(run), rows, who)


def replay_record(saved: SavedRun, last: ExecRun, told: ExecRunRecord | None, tries: tuple[int, int] | None) -> ReplayRecord:
    """The record of a run that was played again. `last`: the last one played; `told`: the first that fails, if one does; `tries`: how many
    failed, and of how many, where the process schedules itself.
    """
    made: ReplayRecord = {
        "schema": REPLAY_SCHEMA,
        "subject": PREFIX + saved.command,
        "recorded_for": saved.cause,
        "verdict": (Verdict.HOLDS if told is None else Verdict.VIOLATED).value,
        "steps_run": len(last.rows),
        "findings": [],
    }
    if tries is not None:
        made["tries"] = {"failed": tries[0], "counted": tries[1]}
    if told is not None:
        keys = ("id", "property", "title", "mechanism", "said", "detail")
        made["findings"] = [cast(BrokenRecord, {key: value for key, value in told.items() if key in keys})]
        first: list[TaskRow] = [{"name": ALONE, "operations": told["first"], "faults": ""}] if told["first"] else []
        made["tasks"], made["steps"] = [*first, *told["tasks"]], told["steps"]
        if "trace" in told:
            made["trace"] = told["trace"]
    return made


def _saved(command: str, limit: float, finding: ExecFinding, model: ExecModel) -> ExecFindingRecord:
    try:
        run, history, short = save(command, limit, finding, model.named)
    except OSError as error:  # the finding is told all the same
        run = history = Path(short := f"(not saved: {error.strerror})")
    return {
        **run_record(finding.run, finding.cause, model),
        "failed": finding.failed,
        "counted": finding.counted,
        "tried": finding.tried,
        "replay": str(run),
        "short": short,
        "history": str(history),
        "judgement": judged(finding.run, history, model),
    }


def judged(run: ExecRun, history: Path, model: ExecModel = CORE) -> HistoryRecord:
    """The judgement of the run's history, as `subwarden check` gives it."""
    return judgement_record(model.judged(run.recording.moments), model.specification, str(history))
