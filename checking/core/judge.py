"""Judges one run of a manager of the core operations, as it happens.

Every answer is judged when it comes. The manager's maps may change in several steps, so a pair of a connection and a topic is judged
only while no open call touches it, and all pairs are judged at quiescence. An observation is right if `checking.core.configurations`
has a configuration that explains it.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from subwarden.checking import causes
from subwarden.checking.adapter_judge import AdapterJudge, Evidence, JudgedRules
from subwarden.checking.causes import Cause
from subwarden.checking.core import causes as core_causes
from subwarden.checking.core.configurations import Connection, CoreGraph, last_of_each
from subwarden.checking.core.deliveries import TopicDeliveries
from subwarden.model.core.step import Connect, CoreOperation, Disconnect, Id, Publish, Subscribe, Teardown
from subwarden.model.core.words import say_answer
from subwarden.model.properties import Property
from subwarden.scheduling.loop import ControlledLoop

Pair = tuple[Id, Id]  # (connection, topic)
Maps = Mapping[str, frozenset[Pair]]  # the same relation, as each of the manager's maps has it
Observe = Callable[[], Maps | None]


class CoreJudge(AdapterJudge):
    """The judge of one run. `observe` returns the maps by name, or None while they cannot be seen."""

    def __init__(
        self, loop: ControlledLoop, observe: Observe, connections: Iterable[Id], graph: CoreGraph, fired: set[str], rules: JudgedRules
    ) -> None:
        super().__init__(loop, fired, rules)
        self.seen: Maps = {}
        self.connections = {name: Connection(name, graph.initial(final=rules.final)) for name in connections}
        self.deliveries = TopicDeliveries(self.connections.values())
        self._observe = observe
        self._ends: list[CoreOperation] = []  # calls that have ended, in the order in which they ended
        self._dirty = True  # the expected maps may have changed since the last observation

    def _digest_parts(self, name: Mapping[int, Hashable]) -> Hashable:
        connections = tuple(connection.digested(name) for connection in self.connections.values())
        return connections, self.deliveries.digested(), last_of_each(self._ends), tuple(self.seen.items()), self._dirty

    # --- events of the run

    def called(self, task: int, operation: CoreOperation) -> None:
        """`task` calls `operation`; a publish has its `message`."""
        self._calls += 1
        self._open[task] = self._calls
        for connection in self.connections.values():
            if connection.concerns(operation):
                self._forgive(connection, operation)
                if isinstance(operation, Connect | Disconnect):
                    connection.left = isinstance(operation, Disconnect) or (connection.left and self._rules.final)
                connection.open[self._calls] = operation
        if isinstance(operation, Publish):
            self.deliveries.called(self._calls, operation.topic, getattr(operation, "message", None), task)
        elif self.deliveries.published:
            self.deliveries.look()

    def _forgive(self, connection: Connection, operation: CoreOperation) -> None:
        """Where P2 is switched off, stop judging a connection that is subscribed while it may not be live."""
        if Property.P2.name in self._rules.off and isinstance(operation, Subscribe | Disconnect):
            live = connection.configurations[0][0].live and len({node.live for node, _ in connection.configurations}) == 1
            if isinstance(operation, Disconnect) or not live or any(isinstance(o, Connect | Disconnect) for o in connection.open.values()):
                connection.excused = True

    def returned(self, task: int, operation: CoreOperation, answer: object) -> None:
        """`operation` returned `answer`."""
        call = self._open.pop(task)
        if isinstance(operation, Publish):
            self._fired.add(self.deliveries.returned(call))
        kinds: list[set[str]] = []
        for connection in self.connections.values():
            if call not in connection.open:
                continue
            explained, possible = connection.returned(call, answer)
            kinds.append(possible)
            if not explained and not connection.excused and not connection.lost:
                connection.lost = True
                phantom = isinstance(operation, Subscribe) and answer is True and not connection.may_live
                cause = (
                    (causes.REVIVED if connection.closed else causes.SUBSCRIBED_DEAD) if phantom else causes.wrong_answer(operation.name)
                )
                right = "" if phantom or not isinstance(answer, bool) else f"; the model allows {say_answer(not answer)}"
                self.violated(cause, f"{connection.name}: returned {say_answer(answer)}{right}", ("answer", answer))
            if isinstance(operation, Disconnect) and Property.P2.name not in self._rules.off:
                connection.excused = False
        self._fire(kinds)
        self._ended(operation)
        self._look()

    def _fire(self, kinds: list[set[str]]) -> None:
        """Record the kind of transition if only one is possible. A teardown takes one transition a connection, and each counts."""
        plain = {min(possible) for possible in kinds if len(possible) == 1}
        if len(plain) == 1 and all(len(possible) == 1 for possible in kinds):
            self._fired.update(plain)
        elif len(kinds) > 1:
            self._fired.update(plain & {"teardown: with subscribers"})

    def _gone(self, task: int, operation: CoreOperation) -> None:
        call = self._open.pop(task)
        if isinstance(operation, Publish):
            self.deliveries.gone(call)
            return
        self._orphans.append(call)
        self._ended(operation)

    def _ended(self, operation: CoreOperation) -> None:
        self._dirty = True
        self._ends.append(operation)
        for connection in self.connections.values():
            if connection.concerns(operation):
                connection.ended.append(operation)
        if self.deliveries.published:
            self.deliveries.look()

    def excuse(self, connection: Id) -> None:
        """The environment failed `connection`: the manager may drop it at any moment, until its disconnect has been answered."""
        if connection in self.connections:
            self.connections[connection].excused = True

    # --- looking

    def _look(self) -> None:
        try:
            seen = self._observe()
        except Exception as error:  # not a finding: an adapter must be able to show its maps at any time
            self.show_raised = self.show_raised or error
            return
        if seen is None or (not self._dirty and seen == self.seen):
            return
        self.seen, self._dirty, self.observed = seen, False, True
        for connection in self.connections.values():
            touched = connection.touched()
            if touched is not None and not connection.lost:
                self._judge(connection, touched)
        if not self._open and not self._orphans:
            self._judge_own()

    def _judge(self, connection: Connection, touched: frozenset[Id]) -> None:
        maps = {name: frozenset(topic for c, topic in pairs if c == connection.name) for name, pairs in self.seen.items()}
        topics = next(iter(maps.values()), None)
        if topics is None:
            return
        for name, other in maps.items():
            if other - touched != topics - touched:
                connection.lost = True
                at = min((topics ^ other) - touched, key=str)
                said = f"{connection.name} on {at}: {next(iter(maps))} and {name}"
                self.violated(causes.MAPS_DISAGREE, said, ("maps", connection.name, at))
                return
        before = connection.configurations
        if connection.showed(topics, touched):
            connection.ended = [operation for operation in connection.ended if touched and _about(operation, touched)]
        else:
            connection.lost = True
            seen, expected = topics - touched, [node.topics - touched for node, _ in before]
            extra, missing = seen.difference(*expected), frozenset.intersection(*expected) - seen
            evidence: Evidence = ()
            for what, wrong in (("missing", missing), ("extra", extra)):
                if wrong:
                    evidence = (what, connection.name, min(wrong, key=str))
            self.violated(*self._why(connection, seen, expected, extra, missing), evidence)

    def _why(
        self, connection: Connection, topics: frozenset[Id], expected: list[frozenset[Id]], extra: frozenset[Id], missing: frozenset[Id]
    ) -> tuple[Cause, str]:
        """The cause and the detail of the difference between `topics` and all of `expected`."""
        differing = extra or missing or topics ^ expected[0]  # the last: each topic by itself can be explained, not all together
        said = self._said(connection, differing)
        blamed = next((o for o in reversed(connection.ended) if _about(o, differing)), None)
        if extra and not connection.may_live:
            return causes.OUTLIVES if isinstance(blamed, Disconnect) else causes.SUBSCRIBED_DEAD, said
        if extra and isinstance(next((o for o in reversed(self._ends) if connection.concerns(o) and _about(o, extra)), None), Teardown):
            return core_causes.RESURRECTED, said
        if blamed is not None:
            return causes.wrong_state(blamed.name), said
        return core_causes.APPEARS if extra else core_causes.VANISHES, said

    def _said(self, connection: Connection, topics: Iterable[Id]) -> str:
        return f"{connection.name} on {', '.join(map(str, sorted(topics, key=str)))}"

    # --- the end

    def _settle(self) -> None:
        for connection in self.connections.values():
            connection.settled(self._orphans)
        self._orphans.clear()
        self._dirty = True
        if self.deliveries.published:
            self.deliveries.look()

    def rest(self, broker: frozenset[Pair] | None, received: Mapping[Id, Sequence[object]] | None) -> None:
        """Judge the run at quiescence: no call is open, and each cancelled call has taken effect or never will.

        In: `broker`, the pairs that the broker knows; `received`, the messages of each connection; None: not observed.
        """
        self._settle()
        self._look()
        if broker is not None and self.seen:
            local = next(iter(self.seen.values()))
            excused = {c.name for c in self.connections.values() if c.excused}
            differing = sorted((pair for pair in local ^ broker if pair[0] not in excused), key=str)
            if differing:
                connection, topic = differing[0]
                where = "the broker" if differing[0] in broker else "the manager"
                self.violated(
                    core_causes.BROKER_DIFFERS, f"{connection} on {topic} is known to {where} only", ("broker", connection, topic)
                )
        if received is not None:
            for cause, detail, *evidence in self.deliveries.broken(received):
                self.violated(cause, detail, tuple(evidence))

    @property
    def may_live(self) -> bool:
        """Whether any connection may be live."""
        return any(connection.may_live for connection in self.connections.values())


def _about(operation: CoreOperation, topics: frozenset[Id]) -> bool:
    """Whether `operation` can change a subscription to one of `topics`."""
    return not isinstance(operation, Connect) and (isinstance(operation, Disconnect) or getattr(operation, "topic", None) in topics)
