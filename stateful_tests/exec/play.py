"""One run of a program on a process: its calls, answers and visible states, and the first violation.

Stepper and driver decide the next event; every message of the process goes through here, so both are judged alike. A subclass for each
model (`exec.models`) judges.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from subwarden.checking.adapter_judge import OBSERVE_SHOWS
from subwarden.checking.causes import Cause
from subwarden.checking.linearizability.history import HistoryCall
from subwarden.model.core.step import Id
from subwarden.model.words import say_return
from subwarden.stateful_tests.exec import causes as own
from subwarden.stateful_tests.exec.messages import AnswerMessage, Delivered, quoted
from subwarden.stateful_tests.exec.program import AnyOperation, ExecProgram
from subwarden.stateful_tests.exec.recording import Recording
from subwarden.stateful_tests.exec.session import Message, Session


@dataclass(slots=True)
class Row:
    """A row of the table: the task, its actions, and the changes. `until`: the time of its last event; `shown`: the visible state that it
    ended with, None if nobody looked; `told`: the connections that were delivered to.
    """

    task: str
    did: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    until: int = 0
    shown: Any = None
    told: list[Id] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BrokenRun:
    """A violation: the cause, the time and the row at which it shows, and a detail."""

    cause: Cause
    at: int
    row: int
    detail: str = ""


@dataclass(slots=True)
class ExecRun:
    """A whole run. `names` is its schedule, None if the process schedules itself; `choices` the same as numbers, among two or more.

    `spoiled`: the process is of no more use. `overtook`: how many calls were answered before one that was made earlier.
    """

    program: ExecProgram
    recording: Recording
    rows: list[Row]
    broken: BrokenRun | None
    kinds: set[str]
    steps: int = 0
    names: tuple[str, ...] | None = None
    choices: list[int] = field(default_factory=list)
    spoiled: bool = False
    overtook: int = 0


class ExecPlay(ABC):
    """A run under way."""

    def __init__(self, session: Session, program: ExecProgram, specification: Any) -> None:
        self.session = session
        self.program = program
        self.recording = Recording(specification)
        self.rows: list[Row] = []
        self.open: dict[int, tuple[str, HistoryCall]] = {}
        self.broken: BrokenRun | None = None
        self.overtook = 0
        self.news = True  # whether anything was answered since the visible state was judged
        self._say = specification

    def row(self, task: str) -> Row:
        """Begin a row."""
        self.rows.append(Row(task, until=self.recording.now))
        return self.rows[-1]

    def perform(self, calls: Sequence[tuple[str, AnyOperation]]) -> None:
        """Let tasks call, at once. Each call is stamped before it is sent."""
        made = [(task, self.recording.call(task, operation)) for task, operation in calls]
        for number, (task, call) in zip(self.session.perform(calls), made, strict=True):
            self.open[number] = (task, call)
            self.called(call)
            self.did(task, f"calls {self._say.describe(call.operation)}")

    def take(self, messages: Sequence[Message]) -> list[str]:
        """Take in `messages`; the tasks that were answered."""
        answered = []
        for message in messages:
            if isinstance(message, Delivered):
                task, call = self.open[message.id]
                self.delivered(task, call, message)
            elif message.id in self.open:
                answered.append(self._answer(message))
        return answered

    def show(self, shown: Any) -> None:
        """Judge the visible state now; None if the process is in the middle of a change."""
        if shown is None:
            return
        self.look(shown)
        self.news = False
        self.rows[-1].shown = shown
        self.rows[-1].until = self.recording.now

    def wrong(self, cause: Cause, detail: str = "") -> None:
        """Record a violation; the run shows the first."""
        self.broken = self.broken or BrokenRun(cause, self.recording.now, len(self.rows) - 1, detail)

    def end(self) -> ExecRun:
        """Judge the whole, and be done."""
        kinds = self.judge()
        if any(row.shown is not None for row in self.rows):
            kinds.add(OBSERVE_SHOWS)
        return ExecRun(self.program, self.recording, self.rows, self.broken, kinds, overtook=self.overtook)

    def unanswered(self) -> str:
        """The open calls, in words."""
        return ", ".join(self._say.describe(call.operation) for _, call in self.open.values())

    def did(self, task: str, what: str) -> None:
        """One line of the table: in the row that is under way if it is the task's own, else in a row of its own."""
        row = self.rows[-1] if self.rows and self.rows[-1].task == task else self.row(task)
        row.did.append(what)
        row.until = self.recording.now

    # --- what the model has to say

    @abstractmethod
    def called(self, call: HistoryCall) -> None:
        """A call is made."""

    @abstractmethod
    def returned(self, call: HistoryCall, message: AnswerMessage) -> None:
        """A call was answered, which is recorded."""

    @abstractmethod
    def failed(self, call: HistoryCall) -> None:
        """A call was answered by an error, which is recorded: it took effect or not."""

    @abstractmethod
    def delivered(self, task: str, call: HistoryCall, message: Delivered) -> None:
        """A publish has reached a connection."""

    @abstractmethod
    def look(self, shown: Any) -> None:
        """Judge a visible state, and record it."""

    @abstractmethod
    def judge(self) -> set[str]:
        """Judge the whole; the kinds of transition that the run made."""

    @abstractmethod
    def last_calls(self) -> list[AnyOperation]:
        """Calls that show, at the end, what the run has led to."""

    @abstractmethod
    def at_rest(self, shown: Any) -> None:
        """Judge the visible state while no call is open. Raises BadProcess."""

    @abstractmethod
    def may_wait(self) -> bool:
        """Whether all open calls may wait for ever."""

    @abstractmethod
    def must_wait(self) -> bool:
        """Whether no open call can be answered as long as nobody makes another."""

    def _answer(self, message: AnswerMessage) -> str:
        task, call = self.open.pop(message.id)
        name = call.operation.name
        self.news = True
        self.overtook += any(other.at < call.at for _, other in self.open.values())
        if message.error is not None:
            self.recording.failed(call)
            self.did(task, f"{name} answers with an error: {quoted(message.error)}")
            self.failed(call)
            self.wrong(own.fails(name), quoted(message.error))
            return task
        self.recording.returned(call, message.result)
        self.did(task, say_return(name, self._say.describe_answer(call.operation, message.result)))
        self.returned(call, message)
        return task
