"""The versioned run record: the plain data that a gate, a hunt or a replay leaves behind. Every report is made from it, and nothing else.

`stateful_tests` writes these records and `reports` reads them, so they are JSON all through and name nothing live. A number in a schema's
name goes up when a reader of the old record would misread the new one; a key that is only added leaves it as it is.

Long because it is the schema: one TypedDict after another.
"""

from typing import Any, Final, Literal, NotRequired, TypedDict

from subwarden.reports.html.trace_record import LostRecord, ModelMovesRecord, RunTraceRecord

GATE_SCHEMA: Final = "subwarden/gate/1"
TOUR_SCHEMA: Final = "subwarden/tour/1"
HUNT_SCHEMA: Final = "subwarden/hunt/1"
REPLAY_SCHEMA: Final = "subwarden/replay/1"
PLAY_SCHEMA: Final = "subwarden/play/1"
EXPLORE_SCHEMA: Final = "subwarden/explore/1"

VerdictName = Literal["holds", "violated", "inconclusive"]
OrderName = Literal["fifo", "any"]
ExitReasonName = Literal["budget", "rounds", "stopped", "no workers", "all lost", "unwritten", "unfit", "gone"]


# --- a run and a finding


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
    `also`: the other findings of the same bug. `trace`: what pictures of the run need;
    there if it was asked for. Of a hunt also: `shrunk`, whether there was time to make the run minimal and to look for one in `fifo`; and
    the `strategy` that showed it first.
    """

    level: str
    order: OrderName
    cancellation: bool
    operations: list[str]
    replay: str
    short: NotRequired[str]
    outside: NotRequired[bool]
    trace: NotRequired[TraceRecord]
    also: NotRequired[list[AlsoRecord]]
    shrunk: NotRequired[bool]
    strategy: NotRequired[str]


# --- coverage


class FaultSweepRecord(TypedDict):
    """Programs that were swept for faults along one schedule, and for how many of them each fault alone, and each pair, was tried at each
    moment.
    """

    struck: int
    singly: int
    in_pairs: int


class CompletenessRecord(TypedDict):
    """Of how many `variants` of programs all schedules within 0, 1, 2 or 3 deviations from fifo, or all schedules (`complete`), were
    run.
    """

    variants: int
    complete_within: dict[str, int]
    complete: int
    faults: dict[str, FaultSweepRecord]


class EndStatesRecord(TypedDict):
    """The end states of the `runs` that were sampled. `unseen`: the chance that the next run ends in a new one (Good-Turing); None before
    the first. Not `exact`: both counts are estimates.
    """

    distinct: int
    seen_once: int
    runs: int
    unseen: float | None
    exact: bool


class StakeRecord(TypedDict):
    """A duty of level server: the runs in which it was at stake, and those in which the server could have broken it."""

    name: str
    runs: int
    breakable: int


class CoverageRecord(CompletenessRecord):
    """What the runs of one check covered. Points of coverage are named in words (`rule settle`), awaits by path:line. `stakes`: absent
    where the level has none.
    """

    fired: list[str]
    never_fired: list[str]
    looked_closely: int
    awaits: list[str]
    awaits_never: list[str]
    overlapped: list[str]
    never_overlapped: list[str]
    stakes: NotRequired[list[StakeRecord]]
    end_states: EndStatesRecord


class NotSearchedRecord(TypedDict):
    """Why the states of so many variants of small programs could not be searched."""

    why: str
    variants: int


class HuntCoverageRecord(CoverageRecord):
    """The same for a check of a hunt. `unseen_of_programs`: the chance that one more schedule of a program tried already ends in a state
    that is new for that program.
    """

    programs: int
    schedules: int
    not_searched: list[NotSearchedRecord]
    unseen_of_programs: float | None


class ModelCoverageRecord(TypedDict):
    """Transitions of the model's reachable graph, at a small scope, that the rule machines took and never took."""

    scope: str
    transitions: int
    taken: int
    never_taken: dict[str, int]
    examples: list[str]


class GateCoverageRecord(TypedDict):
    """The coverage of a gate: over all checks, of the model's graph (None where no check is of level manager), and for each check."""

    fired: list[str]
    never_fired: list[str]
    model: ModelCoverageRecord | None
    checks: dict[str, CoverageRecord]


# --- whole records


class AdapterRecord(TypedDict):
    """Judgements that an adapter switched off, with the reason, and those that its methods do not allow (`unjudged`: the properties among
    them, and why). Absent for other subjects.
    """

    off: NotRequired[dict[str, str]]
    unjudged: NotRequired[dict[str, str]]
    not_played: NotRequired[list[str]]


class CheckRecord(TypedDict):
    """A check of a gate. `verdict` is None where there was nothing to replay."""

    name: str
    verdict: VerdictName | None
    programs: int
    schedules: int
    steps: int
    seconds: float


class GateRecord(AdapterRecord):
    """A gate. `seed`: its programs were drawn by it; `hash_seed`: of the string hash (None: not pinned); `stopped`: cut short by hand."""

    schema: Literal["subwarden/gate/1"]
    subject: str
    profile: str
    seed: int
    hash_seed: int | None
    verdict: VerdictName
    stopped: bool
    checks: list[CheckRecord]
    findings: list[FindingRecord]
    coverage: GateCoverageRecord
    doubts: list[str]


class PlayRecord(TypedDict):
    """A program that a user wrote, played in each order: its `tasks`, a check an order, and the findings as a gate has them."""

    schema: Literal["subwarden/play/1"]
    subject: str
    verdict: VerdictName
    tasks: list[TaskRow]
    checks: list[CheckRecord]
    findings: list[FindingRecord]
    doubts: list[str]


class StrategyRecord(TypedDict):
    """A strategy of a hunt. `new`: runs that reached an end state new for their program (None: not counted); `causes`: those it showed
    first.
    """

    name: str
    runs: int
    new: int | None
    causes: int


class SessionRecord(TypedDict):
    """The last session of a hunt."""

    schedules: int
    seconds: float


class OutcomesRecord(TypedDict):
    """End states over all checks of a hunt. `relative_error`: the standard error of the counts where they are not `exact`."""

    distinct: int
    seen_once: int
    unseen: float | None
    exact: bool
    relative_error: float


class HuntRecord(AdapterRecord):
    """A hunt, over all its sessions. `lost`: a line for each worker that died."""

    schema: Literal["subwarden/hunt/1"]
    subject: str
    verdict: VerdictName
    ended: ExitReasonName
    folder: str
    seed: int
    jobs: int
    session: SessionRecord
    seconds: float
    programs: int
    schedules: int
    steps: int
    rounds: int
    strategies: list[StrategyRecord]
    findings: list[FindingRecord]
    coverage: dict[str, HuntCoverageRecord]
    never_fired: list[str]
    outcomes: OutcomesRecord
    lost: list[str]
    doubts: list[str]


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


class DifferenceRecord(TypedDict):
    """A transition on which a manager differs from the model: `request`, called in `state`. `part` differs, and `said` has both sides."""

    kind: str
    request: str
    state: str
    part: str
    said: str


class LayerMoveRecord(TypedDict):
    """The transitions from one layer to another, or within one: those that agreed, those that differed, and those that were not played or
    lie behind a difference.
    """

    source: int
    target: int
    agreed: int
    differed: int
    missed: int


class LayersRecord(TypedDict):
    """The model's reachable graph by layers: `states` has the number of states that so many calls lead to at the least."""

    states: list[int]
    moves: list[LayerMoveRecord]


class TourRecord(TypedDict):
    """A tour of the model's reachable graph. `agreed`, `differed` and `unreachable` count transitions by kind; `differences` has each that
    differed, in the order of the tour. `stopped`: it was cut short by hand, so the rest of the `transitions` was not played."""

    schema: str
    subject: str
    verdict: VerdictName
    scope: str
    states: int
    transitions: int
    runs: int
    calls: int
    compared: int
    agreed: dict[str, int]
    differed: dict[str, int]
    unreachable: dict[str, int]
    differences: list[DifferenceRecord]
    layers: NotRequired[LayersRecord]
    stopped: bool
    seconds: float


class JudgedRecord(TypedDict):
    """The verdict of a proof on one property; None if it is not judged, and then `why`."""

    title: str
    verdict: VerdictName | None
    why: str | None


class ModelStepRecord(TypedDict):
    """A step of the model: the action, its kind, the answer that a caller sees, and the state after it; in words."""

    action: str
    kind: str
    answer: str
    state: str


class CounterExampleRecord(TypedDict):
    """A shortest run that violates a property; `what` is wrong at its end."""

    property: str
    what: str
    run: list[ModelStepRecord]


class LivenessRecord(TypedDict):
    """Strongly connected components of the states with an open call, and the calls that are `stuck` in one."""

    states_with_open_calls: int
    components: int
    largest_component: int
    stuck: int


class ProofRecord(TypedDict):
    """A proof of a scope, as `subwarden.proving` makes it. `sometimes`: whether each of these properties was met."""

    format: int
    level: str
    scope: dict[str, Any]
    scope_in_words: str
    left_out: list[str]
    symmetry: bool
    verdict: VerdictName
    stopped: str | None
    distinct_states: int
    stored_states: int
    expanded_states: int
    depth: int
    layers: list[int]
    transitions: int
    transitions_by_kind: dict[str, int]
    expected_kinds: list[str]
    never_enabled: list[str]
    sometimes: dict[str, bool]
    properties: dict[str, JudgedRecord]
    counter_examples: list[CounterExampleRecord]
    liveness: LivenessRecord | None


# --- a scenario


class ScenarioLine(TypedDict):
    """A line of the user's code that ran: `at` is file:line."""

    at: str
    source: str


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
    that showed it first, counted in its order; 0: a saved run. `at`: where the error was raised, as path:line. `fault`: it needs a
    cancellation or a failing call; `slow_step`: it needs a step that takes long; `outside`: the timing of a simulated network, executor or
    client is a part of it; `arguments`: a test gives the scenario some.
    """

    kind: str
    title: str
    evidence: list[str]
    order: OrderName
    at: NotRequired[str]
    fault: bool
    slow_step: bool
    outside: NotRequired[bool]
    arguments: NotRequired[bool]
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


class ScenarioCheckRecord(TypedDict):
    """The schedules of one order. `complete_within`: all schedules with so many deviations were run (-1: not even one); `complete`: all
    schedules, or all states, were; `unseen`: the chance that the next schedule ends in a new state (Good-Turing).
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


class ExplorationRecord(TypedDict):
    """The exploring of a scenario. `sometimes`: whether each such condition was met in any run; `tried`: saved failures that were tried
    first, and how many of them still fail.
    """

    schema: Literal["subwarden/explore/1"]
    scenario: str
    seed: int
    hash_seed: int | None
    verdict: VerdictName
    stopped: bool
    checks: list[ScenarioCheckRecord]
    findings: list[ScenarioFindingRecord]
    sometimes: dict[str, bool]
    doubts: list[str]
