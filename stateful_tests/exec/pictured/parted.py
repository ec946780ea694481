"""Adds to the findings on a process where each run was lost, and the nearest run that holds.

A process that lets its steps be chosen is searched as a subject in Python is (`exploring.findings.parting`), with fewer runs: each takes
a hundred times as long. Of a process that schedules itself nobody can say which step lost the run; beside the run stands the one that
holds and is most like it, of a number of runs of the same program.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.reports.records.exec import ExecRunRecord
from subwarden.reports.records.finding import HoldingRunRecord, TraceRecord
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.stateful_tests.exec import causes as own
from subwarden.stateful_tests.exec.models.core import CORE
from subwarden.stateful_tests.exec.models.exec_model import ExecModel
from subwarden.stateful_tests.exec.play import ExecRun
from subwarden.stateful_tests.exec.process import BadProcess
from subwarden.stateful_tests.exec.program import ExecProgram
from subwarden.stateful_tests.exec.record import rows_of
from subwarden.stateful_tests.exec.runner import ExecRunner
from subwarden.stateful_tests.exploring.findings.parting import Effort, Parting, Unsearched, lost_record, parting

EFFORT = Effort(probe=20, last=100)
RESTARTS = 10  # of the process, for one finding: each run before one may have taken the whole time limit
BESIDE = 100  # runs of a process that schedules itself
WAITS = (causes.BLOCKED, own.NEVER_ANSWERED)
WAITING = Unsearched("Where the run was lost was not searched for: each run like it takes the whole time limit.")
ITSELF = "The process schedules itself: no step can be named that lost the run. "
NONE_HELD = f"None of {BESIDE} more runs of its program held."
HELD = "Beside it stands the one most like it of {} runs that held."


def add_partings(command: str, limit: float, told: Iterable[tuple[Cause, ExecRun, ExecRunRecord]], model: ExecModel = CORE) -> None:
    """Put it into the trace of each (cause, run, its record). Starts the process `command` once more."""
    runner: ExecRunner | None = None
    try:
        for cause, run, record in told:
            trace = record.get("trace")
            if trace is None:
                continue
            if cause in WAITS:
                _put(trace, WAITING, 0)
                continue
            try:
                runner = runner or ExecRunner(command, limit, model)
                _search(runner, cause, run, trace)
            except BadProcess as error:
                _put(trace, Unsearched(f"Where the run was lost was not searched for to the end: {error}."), 0)
    finally:
        if runner is not None:
            runner.close()


def _search(runner: ExecRunner, cause: Cause, run: ExecRun, trace: TraceRecord) -> None:
    rows = len(trace["moments"]) - 1
    if run.names is None:
        held = _held(runner, run.program)
        if held:
            best = max(held, key=lambda other: _alike(run, other))  # the first of those that are equally alike
            trace["holds"] = _beside(runner, best, min(_alike(run, best), rows - 1))
        _put(trace, Unsearched(ITSELF + (HELD.format(len(held)) if held else NONE_HELD)), 0)
        return
    parted = parting(_Runs(runner), cause, run.program, run.names, EFFORT)
    row = 0
    if isinstance(parted, Parting) and parted.common is not None:
        common = min(len(run.program.first) + parted.common, rows - 1)  # each name has a row, as each call before them has
        row = common + 1
        trace["holds"] = _beside(runner, runner.follow(run.program, parted.names), common)
    _put(trace, parted, row)


def _put(trace: TraceRecord, parted: Parting | Unsearched, row: int) -> None:
    trace.update(lost_record(parted, row))  # type: ignore[typeddict-item]  # a part of its keys


def _beside(runner: ExecRunner, run: ExecRun, common: int) -> HoldingRunRecord:
    steps, trace = rows_of(run, len(run.rows), runner.model)
    return {"common": common, "steps": steps, "trace": trace}


def _held(runner: ExecRunner, program: ExecProgram) -> list[ExecRun]:
    made = []
    before = runner.restarts
    for _ in range(BESIDE):
        if runner.restarts - before >= RESTARTS:
            break
        made.append(runner.run(program))
    return [run for run in made if run.broken is None]


def _alike(one: ExecRun, other: ExecRun) -> int:
    """The number of rows that both begin with."""
    same = 0
    for row, its in zip(one.rows, other.rows, strict=False):
        if (row.task, row.did, row.changed) != (its.task, its.did, its.changed):
            break
        same += 1
    return same


class _Result(NamedTuple):
    violations: Sequence[Cause]
    choices: list[int]


class _Runs:
    """The runs of a process, as `exploring.findings.parting` asks for them."""

    def __init__(self, runner: ExecRunner) -> None:
        self.steps = 0
        self._runner = runner
        self._restarts = runner.restarts

    def run(self, program: ExecProgram, make: Any, *, every_choice: bool = False) -> _Result:
        """See `parting.Runs`."""
        return self._seen(self._runner.led(program, make, every_choice=every_choice))

    def run_strategy(self, program: ExecProgram, strategy: Strategy) -> _Result | None:
        """See `parting.Runs`."""
        made = self._runner.run_strategy(program, strategy)
        return None if made is None else self._seen(made)

    def record(self, program: ExecProgram, make: Any) -> tuple[ExecRun, list[str]]:
        """See `parting.Runs`."""

        def leading(candidates: Any) -> Any:
            choose = make(candidates)
            return lambda n: choose(n) if n > 1 else 0

        made = self._runner.led(program, leading)
        return made, list(made.names or ())

    def _seen(self, run: ExecRun) -> _Result:
        if self._runner.restarts - self._restarts > RESTARTS:
            raise BadProcess(f"the process had to be started again {RESTARTS} times")
        self.steps += run.steps
        return _Result([] if run.broken is None else [run.broken.cause], run.choices)
