"""A run on a process beside the core model, for pages."""

from collections.abc import Sequence

from subwarden.checking.custom.model import CustomOperation
from subwarden.checking.linearizability.configurations import Impossible
from subwarden.checking.linearizability.core import CoreSpecification
from subwarden.checking.linearizability.search import HistorySearch
from subwarden.model.core.relation import Relation
from subwarden.model.core.step import CoreOperation, CoreState, core_step, in_order
from subwarden.reports.html.trace_record import ModelMovesRecord, StateRecord
from subwarden.stateful_tests.exec.play import ExecRun
from subwarden.stateful_tests.exploring.findings.pictured.compared import compared
from subwarden.stateful_tests.exploring.findings.pictured.model_moves import ModelMoves, moves_record

TOGETHER = "No state of the model has exactly this: each line alone may be right, but not all together."
NOTHING = Relation(None, frozenset())


class CorePictured:
    """See `exec_model.Pictured`."""

    def __init__(self, run: ExecRun, specification: CoreSpecification) -> None:
        self.followed = True
        self._run = run
        self._specification = specification
        self._at = 0
        self._search = HistorySearch(specification)
        self._states = self._possible()

    def before(self) -> StateRecord:
        return compared([], [_facts(self._specification.initial(), NOTHING)], [], followed=True, visible=False)

    def after(self, time: int, shown: Relation | None, *, visible: bool) -> StateRecord:
        """See `exec_model.Pictured`. Once nothing explains the run, the states stay as they were."""
        moments = self._run.recording.moments
        while self.followed and self._at < min(time, len(moments)):
            try:
                self._search.advance(moments[self._at])
            except Impossible:
                self.followed = False
                break
            self._states = self._possible()
            self._at += 1
        return _state(shown or NOTHING, self._states, followed=self.followed, visible=visible)

    def moves(self) -> ModelMovesRecord | None:
        shown = next((row.shown for row in reversed(self._run.rows) if row.shown is not None), NOTHING)
        first = self._specification.initial()
        for operation in self._run.program.first:
            assert not isinstance(operation, CustomOperation)
            first = core_step(first, operation)[0]

        def step(state: CoreState, _memory: object, operation: CoreOperation) -> list[tuple[CoreState, None]]:
            return [(core_step(state, operation)[0], None)]

        model = ModelMoves(first, step, lambda state: _facts(state, shown))
        return moves_record(model, [task.operations for task in self._run.program.tasks], self._specification.describe)

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
