"""One run of a program on a process: its calls, answers, deliveries and relations shown, and the first violation.

Stepper and driver decide the next event; every message of the process goes through here, so both are judged alike: by the invariants
whenever the relation shows, and by the history as a whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from subwarden.checking import causes
from subwarden.checking.adapter_judge import OBSERVE_SHOWS
from subwarden.checking.causes import Cause
from subwarden.checking.core.invariants import broken
from subwarden.checking.linearizability.configurations import Impossible
from subwarden.checking.linearizability.history import CallEnding, HistoryCall
from subwarden.checking.linearizability.search import HistorySearch
from subwarden.model.core.relation import Relation
from subwarden.model.core.step import CoreOperation, Disconnect, Id, Publish, Subscribe, Teardown, Unsubscribe, core_step, in_order
from subwarden.model.words import say_return
from subwarden.stateful_tests.exec import causes as own
from subwarden.stateful_tests.exec.messages import AnswerMessage, quoted
from subwarden.stateful_tests.exec.program import ExecProgram
from subwarden.stateful_tests.exec.recording import OBSERVED, SPECIFICATION, Recording
from subwarden.stateful_tests.exec.session import Message, Session


@dataclass(slots=True)
class Row:
    """A row of the table: the task, its actions, and the changes. `until`: the time of its last event; `shown`: the relation that it ended
    with, None if nobody looked; `told`: the connections that were delivered to.
    """

    task: str
    did: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    until: int = 0
    shown: Relation | None = None
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


class ExecPlay:
    """A run under way."""

    def __init__(self, session: Session, program: ExecProgram) -> None:
        self.session = session
        self.program = program
        self.recording = Recording()
        self.rows: list[Row] = []
        self.open: dict[int, tuple[str, HistoryCall]] = {}
        self.broken: BrokenRun | None = None
        self.overtook = 0
        self._topics = program.topics()
        self._closed: set[Id] = set()
        self._relation: Relation | None = None
        self._news = True  # whether anything was answered since the relation was looked at
        self._told: dict[int, list[Id]] = {}
        self._calls: list[HistoryCall] = []

    def row(self, task: str) -> Row:
        """Begin a row."""
        self.rows.append(Row(task, until=self.recording.now))
        return self.rows[-1]

    def perform(self, calls: Sequence[tuple[str, CoreOperation]]) -> None:
        """Let tasks call, at once. Each call is stamped before it is sent."""
        made = [(task, self.recording.call(task, operation)) for task, operation in calls]
        for number, (task, call) in zip(self.session.perform(calls), made, strict=True):
            self.open[number] = (task, call)
            self._calls.append(call)
            self._did(task, f"calls {SPECIFICATION.describe(call.operation)}")

    def take(self, messages: Sequence[Message]) -> list[str]:
        """Take in `messages`; the tasks that were answered."""
        answered = []
        for message in messages:
            if isinstance(message, AnswerMessage):
                if message.id in self.open:
                    answered.append(self._answer(message))
            else:
                self._delivered(message.id, message.to)
        return answered

    def show(self, relation: Relation | None) -> None:
        """Judge the relation shown now; None if the process is in the middle of a change."""
        if relation is None:
            return
        if relation != self._relation:
            self.rows[-1].changed += _changes(self._relation, relation)
        for cause in broken(self._relation, relation, self._closed)[:1]:
            self.wrong(cause)  # before it is recorded: the cause says more than a history without explanation
        if relation != self._relation or self._news:
            self.recording.shown(relation, in_order({*self._topics, *(topic for topic, _ in relation.subscribers)}))
        self._relation, self._news = relation, False
        self.rows[-1].shown = relation
        self.rows[-1].until = self.recording.now

    def wrong(self, cause: Cause, detail: str = "") -> None:
        """Record a violation; the run shows the first."""
        self.broken = self.broken or BrokenRun(cause, self.recording.now, len(self.rows) - 1, detail)

    def end(self) -> ExecRun:
        """Judge the whole, and be done. The history's fault counts where it shows earlier than another."""
        search = HistorySearch(SPECIFICATION, remember=True)
        kinds: set[str] = set()
        try:
            for moment in self.recording.moments:
                search.advance(moment)
        except Impossible as error:
            at = error.call.fate.at
            assert at is not None, "only an answer can be impossible"
            if self.broken is None or at < self.broken.at:
                row = next(n for n, row in enumerate(self.rows) if row.until >= at)
                self.broken = BrokenRun(_wrong(error.call), int(at), row)
        else:
            kinds = _kinds(search)
            live = self._relation.live if self._relation is not None and not self.open else None
            if live is not None and self.broken is None:
                states = [search.states.known[number] for _, number in search.configs]
                if not any(state.live == live for state in states):
                    self.wrong(own.WRONG_LIVE, "the model has " + " or ".join(sorted({_ids(state.live) for state in states})))
        if self._relation is not None:
            kinds.add(OBSERVE_SHOWS)
        return ExecRun(self.program, self.recording, self.rows, self.broken, kinds, overtook=self.overtook)

    def _did(self, task: str, what: str) -> None:
        """One line of the table: in the row that is under way if it is the task's own, else in a row of its own."""
        row = self.rows[-1] if self.rows and self.rows[-1].task == task else self.row(task)
        row.did.append(what)
        row.until = self.recording.now

    def _answer(self, message: AnswerMessage) -> str:
        task, call = self.open.pop(message.id)
        name = call.operation.name
        self._news = True
        self.overtook += any(other.at < call.at for _, other in self.open.values())
        if message.error is not None:
            self.recording.failed(call)
            self._did(task, f"{name} answers with an error: {quoted(message.error)}")
            self.wrong(own.fails(name), quoted(message.error))
            return task
        self.recording.returned(call, message.result)
        self._did(task, say_return(name, SPECIFICATION.describe_answer(call.operation, message.result)))
        if isinstance(call.operation, Disconnect):
            self._closed.add(call.operation.connection)
        told = self._told.pop(message.id, [])
        if isinstance(call.operation, Publish) and self.session.hello.deliveries and in_order(told) != message.result:
            self.wrong(own.OTHER_DELIVERIES, f"delivered to {_ids(told)}")
        return task

    def _delivered(self, number: int, to: Id) -> None:
        task, call = self.open[number]
        self._told.setdefault(number, []).append(to)
        self._did(task, f"delivers to {to}")
        self.rows[-1].told.append(to)
        if not self._subscribed(call.operation.topic, to):
            self.wrong(own.LATE_DELIVERY, f"{to} is not subscribed to {call.operation.topic} then")

    def _subscribed(self, topic: Id, connection: Id) -> bool:
        """Whether some order of the calls so far has the pair subscribed now: a subscribe that no answered call has surely ended."""
        ends = [c for c in self._calls if c.fate.end is CallEnding.RETURNED and _ends(c.operation, topic, connection)]
        for call in self._calls:
            if call.operation != Subscribe(connection, topic) or call.fate.answer is False:
                continue
            returned = call.fate.at
            if returned is None or not any(end.at > returned for end in ends):
                return True
        return False


def _ends(operation: CoreOperation, topic: Id, connection: Id) -> bool:
    return operation in (Unsubscribe(connection, topic), Disconnect(connection), Teardown(topic))


def _wrong(call: HistoryCall) -> Cause:
    """The cause of an impossible answer: of an operation, or of a look at the relation."""
    return own.WRONG_RELATION if str(call.id).startswith(OBSERVED) else causes.wrong_answer(call.operation.name)


def _kinds(search: HistorySearch) -> set[str]:
    """The kinds of transition in one of the orders that explain the history."""
    order = []
    path = next(iter(search.configs.values()))
    while path is not None:
        path, call = path
        order.append(call)
    kinds, state = set(), SPECIFICATION.initial()
    for call in reversed(order):
        state, _, kind = core_step(state, call.operation)
        if not str(call.id).startswith(OBSERVED):
            kinds.add(kind)
    return kinds


def _changes(before: Relation | None, after: Relation) -> list[str]:
    """The changes, in a fixed order."""
    old = before or Relation(frozenset(), frozenset(), frozenset())
    said = _differences("{} live", "{} not live", old.live or frozenset(), after.live or frozenset())
    said += _differences("+ {1} on {0}", "- {1} on {0}", old.subscribers, after.subscribers)
    if after.subscriptions is not None and after.subscriptions != after.subscribers:
        said += _differences(
            "{1} on {0} in the connections' map only", "{1} on {0} in the topics' map only", after.subscribers, after.subscriptions
        )
    return said


def _differences(added: str, dropped: str, before: frozenset[Any], after: frozenset[Any]) -> list[str]:
    def told(text: str, things: frozenset[Any]) -> list[str]:
        return sorted(text.format(*(thing if isinstance(thing, tuple) else (thing,))) for thing in things)

    return told(added, after - before) + told(dropped, before - after)


def _ids(ids: Iterable[Id]) -> str:
    return ", ".join(map(str, in_order(ids))) or "nobody"
