"""A run on a process beside a model of the user's own, for pages."""

from subwarden.checking.custom.model import CustomOperation, State
from subwarden.checking.linearizability.custom import CustomSpecification, Followed, plain
from subwarden.checking.linearizability.history import CallEnding, Moment
from subwarden.reports.html.trace_record import ModelMovesRecord, StateRecord
from subwarden.stateful_tests.exec.play import ExecRun
from subwarden.stateful_tests.exploring.findings.pictured.compared import compared
from subwarden.stateful_tests.exploring.findings.pictured.model_moves import ModelMoves, moves_record
from subwarden.stateful_tests.subjects.custom.narrator import facts_of


class CustomPictured:
    """See `exec_model.Pictured`."""

    def __init__(self, run: ExecRun, specification: CustomSpecification) -> None:
        self.followed = True
        self._run = run
        self._specification = specification
        self._model = specification.model
        self._now = Followed(self._model)
        self._at = 0

    def before(self) -> StateRecord:
        return compared([], [self._facts(self._model.initial)], [], followed=True, visible=False)

    def after(self, time: int, shown: object, *, visible: bool) -> StateRecord:
        moments = self._run.recording.moments
        while self.followed and self._at < min(time, len(moments)):
            self.followed = self._advance(moments[self._at])
            self._at += 1
        states = dict.fromkeys(node.state for node, _ in self._now.states.reachable())
        return compared(facts_of(shown), [self._facts(state) for state in states], [], followed=self.followed, visible=visible)

    def moves(self) -> ModelMovesRecord | None:
        def step(state: State, _memory: object, operation: CustomOperation) -> list[tuple[State, None]]:
            return [(after, None) for after, _ in self._model.steps(state, operation)]

        first = self._model.initial
        for operation in self._run.program.first:
            assert isinstance(operation, CustomOperation)
            first = next((after for after, _ in self._model.steps(first, operation)), first)  # one of those that are right
        model = ModelMoves(first, step, self._facts)
        return moves_record(model, [task.operations for task in self._run.program.tasks], self._specification.describe)

    def _advance(self, moment: Moment) -> bool:
        """Take in a moment; whether the model explains it."""
        for call in moment.calls:
            self._now.called(call)
        for call in moment.ends:
            if call.fate.end is CallEnding.CANCELLED:
                self._now.cancelled(call)
            elif not self._now.returned(call)[0]:
                return False
        return True

    def _facts(self, state: State) -> list[str]:
        return facts_of(plain(state if self._model.shows is None else self._model.shown(state)))
