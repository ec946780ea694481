"""The trace of a run on a process, for pages: what it showed beside the states that the model may be in, after each row of the table."""

from collections.abc import Sequence

from subwarden.checking.linearizability.configurations import Impossible
from subwarden.checking.linearizability.search import HistorySearch
from subwarden.model.core.relation import Relation
from subwarden.model.core.step import CoreOperation, CoreState, core_step, in_order
from subwarden.reports.html.trace_record import ArrowRecord, LaneRecord, ModelMovesRecord, MomentRecord, RunTraceRecord, StateRecord
from subwarden.stateful_tests.exec.play import ExecRun, Row
from subwarden.stateful_tests.exec.recording import SPECIFICATION
from subwarden.stateful_tests.exploring.findings.pictured.compared import compared
from subwarden.stateful_tests.exploring.findings.pictured.model_moves import ModelMoves, moves_record

TOGETHER = "No state of the model has exactly this: each line alone may be right, but not all together."
NOTHING = Relation(None, frozenset())


def trace_of(run: ExecRun, rows: Sequence[Row], names: Sequence[str]) -> RunTraceRecord:
    """The trace of the first `rows` of `run`; `names`: who did each, as the table has it."""
    model = _Model(run)
    looked = any(row.shown is not None for row in run.rows)
    shown = NOTHING
    before = compared([], [_facts(CoreState(), shown)], [], followed=True, visible=False)
    moments: list[MomentRecord] = [{"arrows": [], "marks": [], "state": before}]
    lanes: list[LaneRecord] = [{"name": name, "kind": "task"} for name in dict.fromkeys(names)]
    lanes += [{"name": str(to), "kind": "client"} for to in in_order({to for row in rows for to in row.told})]
    for row in rows:
        states = model.after(row.until)
        shown = shown if row.shown is None else row.shown
        state = _state(shown, states, followed=model.followed, visible=looked and row.shown is not None)
        told: list[ArrowRecord] = [{"kind": "sends", "to": str(to), "said": "a delivery"} for to in row.told]
        moments.append({"arrows": told, "marks": [], "outside": _calls(row), "state": state})
    return {"lanes": lanes, "places": {}, "moments": moments}


def moves_of(run: ExecRun) -> ModelMovesRecord | None:
    """The model's states to which the program of `run` may lead, in words as its trace has them; None if they are too many."""
    shown = next((row.shown for row in reversed(run.rows) if row.shown is not None), NOTHING)
    first = CoreState()
    for operation in run.program.first:
        first = core_step(first, operation)[0]

    def step(state: CoreState, _memory: object, operation: CoreOperation) -> list[tuple[CoreState, None]]:
        return [(core_step(state, operation)[0], None)]

    model = ModelMoves(first, step, lambda state: _facts(state, shown))
    return moves_record(model, [task.operations for task in run.program.tasks], SPECIFICATION.describe)


def _calls(row: Row) -> bool:
    """Whether a call arrives; else the process makes a step."""
    return bool(row.did) and not row.did[0].startswith("(")


class _Model:
    """The states that explain the calls and answers so far."""

    def __init__(self, run: ExecRun) -> None:
        self.followed = True
        self._moments = run.recording.moments
        self._at = 0
        self._search = HistorySearch(SPECIFICATION)
        self._states = self._possible()

    def after(self, time: int) -> list[CoreState]:
        """The states after all events up to `time`. Once nothing explains the run, they stay as they were."""
        while self.followed and self._at < min(time, len(self._moments)):
            try:
                self._search.advance(self._moments[self._at])
            except Impossible:
                self.followed = False
                break
            self._states = self._possible()
            self._at += 1
        return self._states

    def _possible(self) -> list[CoreState]:
        """The states of all configurations, and those to which their pending calls may have led already."""
        search = self._search
        found: dict[tuple[CoreState, int], None] = {}
        waiting = [(search.states.known[number], done) for done, number in search.configs]
        while waiting:
            state, done = waiting.pop()
            if (state, done) in found:
                continue
            found[state, done] = None
            for bit, pending in search.slots.items():
                if not done & bit:
                    waiting.append((core_step(state, pending.call.operation)[0], done | bit))
        return list(dict.fromkeys(state for state, _ in found))


def _state(shown: Relation, states: Sequence[CoreState], *, followed: bool, visible: bool) -> StateRecord:
    facts = [f"{connection} live" for connection in in_order(shown.live or ())]
    links = [[str(connection), str(topic)] for topic, connection in sorted(shown.subscribers, key=str)]
    facts += [f"{connection} on {topic}" for connection, topic in links]
    more: list[str] = []
    if shown.subscriptions is not None:
        apart = sorted(shown.subscribers ^ shown.subscriptions, key=str)
        more = [f"{connection} on {topic} is in one of its two maps only" for topic, connection in apart]
    told = [_facts(state, shown) for state in states]
    if visible and set().union(*told) >= set(facts) and all(set(state) != set(facts) for state in told):
        more.append(TOGETHER)
    return compared(facts, told, links, followed=followed, visible=visible, more=more)


def _facts(state: CoreState, shown: Relation) -> list[str]:
    """`state` in words, as far as the process shows it."""
    live = [] if shown.live is None else [f"{connection} live" for connection in in_order(state.live)]
    return live + [f"{connection} on {topic}" for topic, connection in sorted(state.links, key=str)]
