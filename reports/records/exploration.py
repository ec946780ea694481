"""The record of a scenario's exploration."""

from typing import Final, Literal, NotRequired, TypedDict

from subwarden.reports.html.trace_record import LostRecord, RunTraceRecord
from subwarden.reports.records.finding import OrderName, VerdictName

EXPLORE_SCHEMA: Final = "subwarden/explore/1"


class ScenarioLine(TypedDict):
    """A line of the user's code that ran: `at` is file:line; `raises`: the exception that began there, if the step went on after it."""

    at: str
    source: str
    raises: NotRequired[str]


class ScenarioRow(TypedDict):
    """A step of a run of a scenario, or a fault, or the clock. `lines`: those that ran, the last one where the task waits now; `did`: what
    else there is to say. `deviates`: how this is not what stock asyncio does; empty where it is.
    """

    step: int
    task: str
    lines: list[ScenarioLine]
    did: list[str]
    deviates: str


class ScenarioHoldingRecord(TypedDict):
    """The nearest run of the scenario that holds, as `HoldingRunRecord` has it."""

    common: int
    steps: list[ScenarioRow]
    trace: RunTraceRecord


class ScenarioTraceRecord(RunTraceRecord, LostRecord):
    """The trace of a failing run of a scenario, and the nearest run that holds."""

    holds: ScenarioHoldingRecord | None


class ScenarioFindingRecord(TypedDict):
    """A failure of a scenario, in its minimal run. `trace`: what pages need beside it; there if one was asked for. `found`: the schedule
    that showed it first, counted in its order; 0: a saved run. `at`: where the error was raised, as path:line; `root`: the exception
    that it comes of, in words, which findings may share. `fault`: it needs a
    cancellation or a failing call; `slow_step`: it needs a step that takes long, and the longest takes `slowest` seconds; `outside`: the
    timing of a simulated network, executor or client is a part of it, and with `jobs` that of an executor alone; `arguments`: a test gives
    the scenario some; `command`: what plays it again, where that is not `subwarden explore`.
    """

    kind: str
    title: str
    evidence: list[str]
    order: OrderName
    at: NotRequired[str]
    root: NotRequired[str]
    fault: bool
    slow_step: bool
    slowest: NotRequired[float]
    outside: NotRequired[bool]
    jobs: NotRequired[bool]
    arguments: NotRequired[bool]
    command: NotRequired[str]
    found: int
    deviations: int
    moved: list[str]
    values: list[str]
    minimal: bool
    virtual_seconds: float
    steps: list[ScenarioRow]
    trace: NotRequired[ScenarioTraceRecord]
    printed: NotRequired[list[str]]
    replay: str
    script: str | None
    script_confirmed: bool | None
    script_doubt: str | None


class ScenarioKillingRecord(TypedDict):
    """The scenario ends the process that runs it: in this order, all processes that did the same runs have `died`.
    `replay`: the run in which the last of them died.
    """

    order: OrderName
    died: str
    replay: NotRequired[str]


class ScenarioCheckRecord(TypedDict):
    """The schedules of one order. `complete_within`: all schedules with so many deviations were run (-1: not even one); `complete`: all
    schedules, or all states, were; `unseen`: the chance that the next schedule ends in a new state (Good-Turing). `states`: all that can be
    told apart, and `interleavings`: the number of schedules that lead through them; there where a search of states was complete.
    `not_told_apart`: what is in the way of such a search.
    """

    order: OrderName
    verdict: VerdictName
    schedules: int
    steps: int
    complete_within: int
    complete: bool
    end_states: int
    unseen: float | None
    seconds: float
    not_told_apart: NotRequired[str]
    states: NotRequired[int]
    interleavings: NotRequired[int]


class ExplorationRecord(TypedDict):
    """The exploring of a scenario. `sometimes`: whether each such condition was met in any run; `tried`: saved failures that were tried
    first, and how many of them still fail; `lost`: a line for each worker that died.
    """

    schema: Literal["subwarden/explore/1"]
    scenario: str
    seed: int
    hash_seed: int | None
    verdict: VerdictName
    stopped: bool
    checks: list[ScenarioCheckRecord]
    findings: list[ScenarioFindingRecord]
    killing: NotRequired[list[ScenarioKillingRecord]]
    sometimes: dict[str, bool]
    lost: NotRequired[list[str]]
    doubts: list[str]
