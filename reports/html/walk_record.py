"""The record of a walk: where a person has led a run so far, and what may happen next. `subwarden view` makes one for each step."""

from typing import Literal, TypedDict

from subwarden.reports.html.trace_record import RunTraceRecord
from subwarden.reports.records.finding import StepRow

CandidateKind = Literal["step", "outside", "timer", "fault", "value"]


class CandidateRecord(TypedDict):
    """One thing that may happen next. `name`: in the schedule; `who` does it, and `said` what it is, in words; `at`: the place where a task
    goes on, as a key of the trace's `places`, or empty. `recorded`: the run that the walk began with goes this way.
    """

    name: str
    kind: CandidateKind
    who: str
    said: str
    at: str
    recorded: bool


class WalkRecord(TypedDict):
    """A run after the names of `schedule`. `row_of`: of each name, the rows before it. `broken`: every violation so far, in words;
    `ended`: nothing can happen any more, and the end is judged; `printed`: the last lines that the subject printed.
    """

    schedule: list[str]
    row_of: list[int]
    steps: list[StepRow]
    trace: RunTraceRecord
    candidates: list[CandidateRecord]
    broken: list[str]
    ended: bool
    printed: list[str]


class WalkHeadRecord(TypedDict):
    """What stays the same in a walk. `about`: lines on the run that it began with; `recorded`: its schedule, empty where there is none;
    `tasks`: (name, operations) of each task of the program.
    """

    title: str
    about: list[str]
    tasks: list[tuple[str, str]]
    recorded: list[str]


class SavedWalkRecord(TypedDict):
    """A schedule that was saved. `command` plays it again; `said`: how it ends."""

    command: str
    replay: str
    said: str
    file: str | None
