"""Judges one run of a manager with options: as `checking.core.judge`, and it keeps a journal of the calls.

A manager without options is judged by `CoreJudge` itself, so options cost it nothing.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from subwarden.checking.adapter_judge import JudgedRules
from subwarden.checking.core.connection_states import CoreGraph, Pair, Seen
from subwarden.checking.core.judge import CoreJudge
from subwarden.checking.core.options import causes as option_causes
from subwarden.checking.core.options.all import of
from subwarden.checking.core.options.deliveries import OptionDeliveries, Sees
from subwarden.checking.core.options.journal import Journal, Received
from subwarden.model.core.step import CoreOperation, Id, Publish
from subwarden.scheduling.loop import ControlledLoop


class OptionsJudge(CoreJudge):
    """The judge of one run. `received` and `sees` ask the adapter for the messages and the events of presence so far."""

    def __init__(
        self,
        loop: ControlledLoop,
        observe: Callable[[], object],
        seen_as: Callable[[object], Seen],
        connections: Iterable[Id],
        graph: CoreGraph,
        fired: set[str],
        rules: JudgedRules,
        received: Callable[[], Received | None],
        sees: Callable[[], Sees],
    ) -> None:
        super().__init__(loop, observe, seen_as, connections, graph, fired, rules)
        options = rules.options
        self.journal = Journal(received if options.acks or options.bounded is not None else None, sees if options.presence else None)
        self._told = self._messages = OptionDeliveries(self._all, options, self.journal, sees, fired)

    def _digest_parts(self) -> Hashable:
        return super()._digest_parts(), self.journal.digested()

    def called(self, task: int, operation: CoreOperation) -> None:
        call = self.journal.called(task, operation)
        super().called(task, operation)
        if isinstance(operation, Publish):
            self._told.published_by(call)

    def returned(self, task: int, operation: CoreOperation, answer: object, last: bool = False) -> None:
        self.journal.returned(task, answer)
        super().returned(task, operation, answer, last)

    def _gone(self, task: int, operation: CoreOperation) -> None:
        self.journal.gone(task)
        super()._gone(task, operation)

    def dropped(self, connection: Id) -> None:
        """The manager has dropped `connection` by itself, and says so."""
        if connection in self.connections:
            run = self._told.run(self.journal.received())
            if not all(option.may_drop(run, connection) for option in of(self._rules.options)):
                self.violated(option_causes.DROPPED, str(connection), ("option", connection))
        self.excuse(connection)

    def let_go(self) -> None:
        super().let_go()
        self.journal.let_go()
        self._told.let_go()

    def rest(self, broker: frozenset[Pair] | None, received: Mapping[Id, Sequence[object]] | None) -> None:
        super().rest(broker, received)
        if received is None and self._rules.options.presence:
            for cause, detail, *evidence in self._told.broken({}):
                self.violated(cause, detail, tuple(evidence))
