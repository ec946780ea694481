"""One run on a process that a model of the user's own judges, as it happens: every answer, and every visible state.

A visible state is a call of `observe` that is answered at once: some order of the calls must lead to it, also while calls are open.
"""

from subwarden.checking import causes
from subwarden.checking.custom.configurations import CustomGraph
from subwarden.checking.custom.judge import NAMED, UNASKED
from subwarden.checking.custom.model import OBSERVE, CustomOperation
from subwarden.checking.custom.text import text_of
from subwarden.checking.linearizability.custom import CustomSpecification, Followed, plain
from subwarden.checking.linearizability.history import HistoryCall
from subwarden.checking.possible_states import CallOutcome
from subwarden.stateful_tests.exec.messages import AnswerMessage, Delivered
from subwarden.stateful_tests.exec.play import ExecPlay
from subwarden.stateful_tests.exec.program import AnyOperation, ExecProgram
from subwarden.stateful_tests.exec.recording import OBSERVED
from subwarden.stateful_tests.exec.session import Session
from subwarden.stateful_tests.subjects.custom.narrator import changes_of, parts_of


class CustomExecPlay(ExecPlay):
    """See `exec.play`."""

    def __init__(self, session: Session, program: ExecProgram, specification: CustomSpecification, graph: CustomGraph) -> None:
        super().__init__(session, program, specification)
        self._now = Followed(specification.model, graph)
        self._kinds: set[str] = set()
        self._blamed: CustomOperation | None = None  # the call that ended last
        self._parts: dict[str, str] = {}
        self._shown: object = None

    def called(self, call: HistoryCall) -> None:
        self._now.called(call)

    def returned(self, call: HistoryCall, message: AnswerMessage) -> None:
        explained, possible = self._now.returned(call)
        self._blamed = call.operation
        if explained:
            self._fire(explained)
            return
        said = f"{call.operation} returned {text_of(message.result)}; {_allowed(possible)}"
        self.wrong(causes.wrong_answer(call.operation.name), said)

    def failed(self, call: HistoryCall) -> None:
        self._now.cancelled(call)
        self._blamed = call.operation

    def delivered(self, task: str, call: HistoryCall, message: Delivered) -> None:
        raise NotImplementedError("a process with deliveries is refused at hello")

    def look(self, shown: object) -> None:
        if shown == self._shown and not self.news:
            return
        self._shown = shown
        before, self._parts = self._parts, parts_of(shown)
        self.rows[-1].changed += changes_of(before, self._parts)
        call = self.recording.call(f"{OBSERVED} ", OBSERVE)
        self._now.called(call)
        self.recording.returned(call, shown)
        explained, possible = self._now.returned(call)
        if not explained:
            cause = UNASKED if self._blamed is None else causes.wrong_state(self._blamed.name)
            self.wrong(cause, f"it shows {text_of(shown)}; {_allowed(possible)}")

    def judge(self) -> set[str]:
        return self._kinds

    def last_calls(self) -> list[AnyOperation]:
        return []

    def at_rest(self, shown: object) -> None:
        self.show(shown)

    def may_wait(self) -> bool:
        return bool(self.open) and self._now.states.may_all_wait()

    def must_wait(self) -> bool:
        return bool(self.open) and self._now.states.must_all_wait()

    def _fire(self, explained: list[CallOutcome]) -> None:
        """Record the kind of transition if only one is possible."""
        kinds = {outcome.kind for outcome in explained}
        if len(kinds) == 1:
            self._kinds |= kinds


def _allowed(possible: list[CallOutcome]) -> str:
    right = sorted({text_of(plain(outcome.answer)) for outcome in possible})
    more = ", ..." if len(right) > NAMED else ""
    return f"the model allows {' or '.join(right[:NAMED])}{more}" if right else "the model makes it wait"
