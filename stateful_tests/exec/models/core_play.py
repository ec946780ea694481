"""One run on a process that the core model judges: by the invariants whenever the relation shows, and by the history as a whole."""

from collections.abc import Iterable
from typing import Any

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.core.invariants import broken
from subwarden.checking.linearizability.configurations import Impossible
from subwarden.checking.linearizability.core import CoreSpecification
from subwarden.checking.linearizability.history import CallEnding, HistoryCall
from subwarden.checking.linearizability.search import HistorySearch
from subwarden.model.core.relation import Relation
from subwarden.model.core.step import Connect, CoreOperation, Disconnect, Id, Publish, Subscribe, Teardown, Unsubscribe, core_step, in_order
from subwarden.stateful_tests.exec import causes as own
from subwarden.stateful_tests.exec.messages import AnswerMessage, Delivered
from subwarden.stateful_tests.exec.play import BrokenRun, ExecPlay
from subwarden.stateful_tests.exec.program import ExecProgram
from subwarden.stateful_tests.exec.recording import OBSERVED
from subwarden.stateful_tests.exec.session import Session


class CorePlay(ExecPlay):
    """See `exec.play`. The relation shown is recorded as a publish to each topic, by a caller `observed`, that answers the subscribers
    shown: in the model it is just that. So a history file holds everything that was judged of the relation.
    """

    def __init__(self, session: Session, program: ExecProgram, specification: CoreSpecification) -> None:
        super().__init__(session, program, specification)
        self._specification = specification
        self._topics = in_order({topic for o in program.operations() if (topic := getattr(o, "topic", None)) is not None})
        self._closed: set[Id] = set()
        self._relation: Relation | None = None
        self._told: dict[int, list[Id]] = {}
        self._calls: list[HistoryCall] = []

    def called(self, call: HistoryCall) -> None:
        self._calls.append(call)
        if isinstance(call.operation, Connect) and self._specification.reconnects:
            self._closed.discard(call.operation.connection)

    def returned(self, call: HistoryCall, message: AnswerMessage) -> None:
        if isinstance(call.operation, Disconnect) and not self._comes_back(call):
            self._closed.add(call.operation.connection)
        told = self._told.pop(message.id, [])
        if isinstance(call.operation, Publish) and self.session.hello.deliveries and in_order(told) != message.result:
            self.wrong(own.OTHER_DELIVERIES, f"delivered to {_ids(told)}")

    def failed(self, call: HistoryCall) -> None:
        """See `ExecPlay`. The search at the end knows it."""

    def delivered(self, task: str, call: HistoryCall, message: Delivered) -> None:
        self._told.setdefault(message.id, []).append(message.to)
        self.did(task, f"delivers to {message.to}")
        self.rows[-1].told.append(message.to)
        if not self._subscribed(call.operation.topic, message.to):
            self.wrong(own.LATE_DELIVERY, f"{message.to} is not subscribed to {call.operation.topic} then")

    def look(self, shown: Relation) -> None:
        if shown != self._relation:
            self.rows[-1].changed += _changes(self._relation, shown)
        for cause in broken(self._relation, shown, self._closed)[:1]:
            self.wrong(cause)  # before it is recorded: the cause says more than a history without explanation
        if shown != self._relation or self.news:
            for topic in in_order({*self._topics, *(topic for topic, _ in shown.subscribers)}):
                call = self.recording.call(f"{OBSERVED} ", Publish(topic))
                self.recording.returned(call, in_order(c for t, c in shown.subscribers if t == topic))
        self._relation = shown

    def judge(self) -> set[str]:
        """See `ExecPlay`. The history's fault counts where it shows earlier than another."""
        search = HistorySearch(self._specification, remember=True)
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
            kinds = self._kinds(search)
            live = self._relation.live if self._relation is not None and not self.open else None
            if live is not None and self.broken is None:
                states = [search.states.known[number] for _, number in search.configs]
                if not any(state.live == live for state in states):
                    self.wrong(own.WRONG_LIVE, "the model has " + " or ".join(sorted({_ids(state.live) for state in states})))
        return kinds

    def last_calls(self) -> list[Any]:
        return [Publish(topic) for topic in self._topics] if "publish" in self.session.hello.operations else []

    def at_rest(self, shown: Relation | None) -> None:
        if shown is None:
            raise self.session.bad("observe answers null, which says mid-change, though every call has been answered; show the relation")
        self.show(shown)

    def may_wait(self) -> bool:
        return False

    def must_wait(self) -> bool:
        return False

    def _comes_back(self, disconnect: HistoryCall) -> bool:
        """Whether a connect of the same name may have taken effect after the disconnect that has just returned."""
        again = Connect(disconnect.operation.connection)
        return self._specification.reconnects and any(
            call.operation == again and (call.fate.at is None or call.fate.at > disconnect.at) for call in self._calls
        )

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

    def _kinds(self, search: HistorySearch) -> set[str]:
        """The kinds of transition in one of the orders that explain the history."""
        order = []
        path = next(iter(search.configs.values()))
        while path is not None:
            path, call = path
            order.append(call)
        kinds, state = set(), self._specification.initial()
        for call in reversed(order):
            state, _, kind = core_step(state, call.operation)
            if not str(call.id).startswith(OBSERVED):
                kinds.add(kind)
        return kinds


def _ends(operation: CoreOperation, topic: Id, connection: Id) -> bool:
    return operation in (Unsubscribe(connection, topic), Disconnect(connection), Teardown(topic))


def _wrong(call: HistoryCall) -> Cause:
    """The cause of an impossible answer: of an operation, or of a look at the relation."""
    return own.WRONG_RELATION if str(call.id).startswith(OBSERVED) else causes.wrong_answer(call.operation.name)


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
