"""The possible states of one connection, given all calls, answers and observations so far (see `checking.possible_states`).

Each connection is followed by itself: only a teardown concerns two connections, and it may reach one before the other. That keeps the
configurations few. The judge accepts more orders than the model has, never a state that the model cannot reach. A cancelled call may
have taken effect, may never do so, or another task may finish it later (P11).

The methods here work a step out. `checking.frozen_states` remembers what came out, for all runs.
"""

from collections.abc import Hashable, Mapping
from typing import Any

from subwarden.checking.frozen_states import FrozenGraph, MemoNode
from subwarden.checking.possible_states import CallEdge, PossibleStates
from subwarden.model.core.step import (
    Acknowledge,
    Attach,
    Connect,
    CoreOperation,
    CoreState,
    Detach,
    Disconnect,
    Id,
    Redeliver,
    Subscribe,
    Teardown,
    Unsubscribe,
    core_step,
)

OPENS = Connect | Attach
CLOSES = Disconnect | Detach
EVERYTHING = None  # the topics that a call touches, if it concerns all topics of its connection


class CoreNode(MemoNode[CoreState]):
    """One state of the model, reduced to one connection."""

    __slots__ = ("_graph", "live", "topics")

    def __init__(self, state: CoreState, graph: "FrozenGraph[CoreState, CoreNode, Any, Any]") -> None:
        super().__init__(state)
        self.live = bool(state.live)
        self.topics = frozenset(topic for topic, _ in state.links)
        self._graph = graph

    def _work_out(self, operation: CoreOperation) -> tuple[CallEdge, ...]:
        after, answer, kind = core_step(self.state, operation)
        return (CallEdge(self._graph.node(after), self._graph.outcomes.of(answer, answer, kind)),)


class Connection(PossibleStates[CoreNode]):
    """The possible states of connection `name`.

    `final`: its close is final. `forgiving`: P2 is switched off, so it is not judged while it is subscribed and may not be live.
    """

    def __init__(self, name: Id, node: CoreNode, *, final: bool = True, forgiving: bool = False) -> None:
        super().__init__(node)
        self.name = name
        self.final = final
        self.forgiving = forgiving
        self.lost = False  # no state explained an observation or an answer, so it is not judged any more
        self.excused = False  # the environment failed it, so the manager may drop it at any moment
        self.left = False  # its disconnect has been called; from then on the client receives nothing, even if the call fails
        self.gone: frozenset[tuple[Id, Id]] = frozenset()  # sockets that have gone in the same way
        self.renewing = False  # a socket has opened since it was excused, or is opening

    def digested(self, tasks: Mapping[int, int]) -> Hashable:
        return super().digested(tasks), self.name, (self.lost, self.excused, self.left, self.gone, self.renewing)

    def called(self, call: int, operation: CoreOperation) -> None:
        """`call` of `operation` begins."""
        if self.forgiving and isinstance(operation, Subscribe | CLOSES):
            live = self.configurations[0][0].live and len({node.live for node, _ in self.configurations}) == 1
            if isinstance(operation, CLOSES) or not live or any(isinstance(o, OPENS | CLOSES) for o in self.open.values()):
                self.excused = True
        if isinstance(operation, OPENS | Disconnect):
            self.left = isinstance(operation, Disconnect) or (self.left and self.final)
        if isinstance(operation, Detach):
            self.gone |= {(operation.connection, operation.socket)}
        self.renewing = self.renewing or isinstance(operation, Attach)
        super().called(call, operation)

    def _changes_nothing(self, operation: CoreOperation) -> bool:
        """Whether an open call is for certain without effect: the end of a socket that has lost its place, or of the option `acks`."""
        if isinstance(operation, Detach):
            pair = operation.connection, operation.socket
            return all(pair in node.state.spent for node, _ in self.configurations) and not any(
                isinstance(o, Attach) and o.socket == operation.socket for o in self.open.values()
            )
        return isinstance(operation, Acknowledge | Redeliver)

    def returned(self, call: int, answer: object) -> tuple[bool, frozenset[str]]:
        """Record that `call` returned `answer`. Returns whether some configuration explains it, and the possible kinds of transition."""
        operation = self.open[call]
        explained, _ = self.answered(call, lambda outcome: agrees(operation, answer, outcome.answer))
        return bool(explained), frozenset(outcome.kind for outcome in explained)

    def renewed_by(self, operation: CoreOperation) -> bool:
        """Whether the manager cannot drop it any more for a failure before `operation`, which has returned."""
        if isinstance(operation, Attach):
            return self.renewing  # the failure was another socket's
        return isinstance(operation, Disconnect) or (
            isinstance(operation, Detach) and not any(node.live for node, _ in self.configurations)
        )

    def touched(self) -> frozenset[Id] | None:
        """The topics that open calls touch; their maps may show anything. None: all topics."""
        if self.excused:
            return EVERYTHING
        if not self.open:
            return frozenset()
        topics: set[Id] = set()
        for operation in self.open.values():
            if self._changes_nothing(operation):
                continue
            if isinstance(operation, OPENS | CLOSES):
                return EVERYTHING
            assert isinstance(operation, Subscribe | Unsubscribe | Teardown)
            topics.add(operation.topic)
        return frozenset(topics)

    def showed(self, topics: frozenset[Any], touched: frozenset[Id]) -> bool:
        """Keep the configurations that agree with the observed `topics`, apart from those `touched`. False: there is none."""
        if touched:
            kept = tuple(configuration for configuration in self.configurations if configuration[0].topics - touched == topics - touched)
        else:
            kept = tuple(configuration for configuration in self.configurations if configuration[0].topics == topics)
        if not kept:
            return False
        self.configurations = kept
        return True

    def surely(self, topic: Id) -> bool:
        """Whether it is certainly connected and subscribed to `topic` now, in every order of the open calls."""
        if self.excused or self.lost or self.left:
            return False
        if any(
            not isinstance(o, Connect) and (isinstance(o, CLOSES | Attach) or _names(o, topic)) and not self._changes_nothing(o)
            for o in self.open.values()
        ):
            return False
        return all(topic in node.topics and self.gone.isdisjoint(node.state.sockets) for node, _ in self.configurations)

    def possibly(self, topic: Id) -> bool:
        """Whether it may be subscribed to `topic` now."""
        if self.excused or self.lost:
            return True
        if any(isinstance(o, Subscribe) and o.topic == topic for o in self.open.values()):
            return True
        return any(topic in node.topics for node, _ in self.configurations)

    def topics(self) -> tuple[frozenset[Id], frozenset[Id]]:
        """The topics to which it is subscribed in every state that the model may be in now, and in any. Open calls may have taken effect.

        For reports: unlike `surely` and `possibly`, it says what the judge has found out so far.
        """
        every = [node.topics for node, _ in self.reachable()]
        return frozenset() if self.excused else frozenset.intersection(*every), frozenset[Id]().union(*every)

    @property
    def closed(self) -> bool:
        """Whether it has been closed for certain."""
        return all(node.state.closed for node, _ in self.configurations)

    @property
    def may_live(self) -> bool:
        """Whether it may be connected now."""
        if any(node.live for node, _ in self.configurations):
            return True
        return not self.closed and any(isinstance(o, OPENS) for o in self.open.values())


def about(operation: CoreOperation, topics: frozenset[Id]) -> bool:
    """Whether `operation` can change a subscription to one of `topics`."""
    return isinstance(operation, CLOSES | Attach) or (not isinstance(operation, Connect) and getattr(operation, "topic", None) in topics)


def _names(operation: CoreOperation, topic: Id) -> bool:
    return isinstance(operation, Unsubscribe | Teardown) and operation.topic == topic


def agrees(operation: CoreOperation, answer: object, allowed: object) -> bool:
    """Whether `answer` agrees with the model's. Only a bool from `subscribe` and `unsubscribe` is judged: many managers return nothing,
    or a value of another type."""
    return not isinstance(operation, Subscribe | Unsubscribe) or not isinstance(answer, bool) or answer is allowed
