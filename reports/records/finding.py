"""The record of a run and of what it broke: tasks, steps, trace, script."""

from typing import Any, Literal, NotRequired, TypedDict

from subwarden.reports.html.trace_record import LostRecord, ModelMovesRecord, RunTraceRecord

VerdictName = Literal["holds", "violated", "inconclusive"]
OrderName = Literal["fifo", "any"]


class TaskRow(TypedDict):
    """A task of a program. `faults`: the faults it may meet, in words; empty for none."""

    name: str
    operations: list[str]
    faults: str


class StepRow(TypedDict):
    """A step of a run. `task` is a task's name, `the clock`, or a task of the subject's; `at` is path:line where it is suspended, if it
    is. `raised_at`: path:line of the subject's code that raised the exception of the step's call. `internal`: a step of a library's own,
    which `did` describes.

    `broken` names the property that this step violates; one row of a run has it.
    """

    step: int
    task: str
    did: list[str]
    at: str | None
    changed: list[str]
    broken: list[str]
    raised_at: NotRequired[str]
    internal: NotRequired[bool]


class RunRecord(TypedDict):
    """A run as a table: its tasks are the columns, its steps the rows. `printed`: the last lines that the subject printed in it, if any."""

    tasks: list[TaskRow]
    steps: list[StepRow]
    printed: NotRequired[list[str]]


class HoldingRunRecord(TypedDict):
    """The nearest run of the same program that holds: it shares the first `common` rows with the failing run. `steps` are its rows."""

    common: int
    steps: list[StepRow]
    trace: RunTraceRecord


class TraceRecord(RunTraceRecord, LostRecord):
    """The trace of a finding's run. `subject_at`: the place in the subject's code at which the finding is told, as path:line. `holds`: the
    nearest run that holds. `model`: the model's states to which the program may lead, if they are few enough to draw.
    """

    subject_at: str | None
    holds: HoldingRunRecord | None
    model: ModelMovesRecord | None


class ScriptRecord(TypedDict):
    """The script of plain asyncio that shows a finding without the harness.

    `script` is its text, and `plain` the data it is written from; None where there is none. `script_confirmed`: it failed on the stock
    event loop with the finding's own words; None in the order `any`, which stock asyncio does not promise. `script_doubt`: why there is
    no script, or what it did instead of failing.
    """

    plain: dict[str, Any] | None
    script: str | None
    script_confirmed: bool | None
    script_doubt: str | None


class AlsoRecord(TypedDict):
    """Another finding of the same bug, told in a line."""

    id: str
    property: str
    title: str
    said: str
    detail: str
    replay: str
    short: str


class BrokenRecord(TypedDict):
    """A property that a run violates."""

    id: str
    property: str
    title: str
    mechanism: str
    said: str
    detail: str


class FindingRecord(BrokenRecord, RunRecord, ScriptRecord):
    """A finding: the property that is violated, its minimal run, and the string that replays it.

    `short`: the name of the run where it is kept. `outside`: the simulated network, or an ASGI client, took part.
    `alone`: no two calls of an adapter overlap in its run, and none is cancelled. `also`: the other findings of the same bug.
    `trace`: what pictures of the run need; there if it was asked for. Of a hunt also: `shrunk`, whether there was time to make the run
    minimal and to look for one in `fifo`; and the `strategy` that showed it first.
    """

    level: str
    order: OrderName
    cancellation: bool
    operations: list[str]
    replay: str
    short: NotRequired[str]
    outside: NotRequired[bool]
    alone: NotRequired[bool]
    trace: NotRequired[TraceRecord]
    also: NotRequired[list[AlsoRecord]]
    shrunk: NotRequired[bool]
    strategy: NotRequired[str]
