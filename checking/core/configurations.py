"""The possible states of one connection, given all calls, answers and observations so far (see `checking.possible_states`).

Each connection is followed by itself: only a teardown concerns two connections, and it may reach one before the other. That keeps the
configurations few. The judge accepts more orders than the model has, never a state that the model cannot reach. A cancelled call may
have taken effect, may never do so, or another task may finish it later (P11).
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from subwarden.checking.known_states import KnownStates
from subwarden.checking.possible_states import CallEdge, Outcomes, PossibleStates
from subwarden.model.core.step import (
    Connect,
    CoreOperation,
    CoreState,
    Disconnect,
    Id,
    Publish,
    Subscribe,
    Teardown,
    Unsubscribe,
    core_step,
)

BOUND = 40_000  # transitions kept; some hundred bytes each
EVERYTHING = None  # the topics that a call touches, if it concerns all topics of its connection


class CoreNode:
    """One state of the model, reduced to one connection, with a memo of its transitions by the identity of the operation."""

    __slots__ = ("_edges", "_graph", "live", "state", "topics")

    def __init__(self, state: CoreState, graph: "CoreGraph") -> None:
        self.state = state
        self.live = bool(state.live)
        self.topics = frozenset(topic for topic, _ in state.links)
        self._graph = graph
        self._edges: dict[int, tuple[CoreOperation, tuple[CallEdge, ...]]] = {}

    def let_go(self) -> None:
        """See `checking.known_states`."""
        self._edges.clear()

    def steps(self, operation: CoreOperation) -> tuple[CallEdge, ...]:
        """`model.core.step.core_step` from this state."""
        known = self._edges.get(id(operation))
        if known is None:
            self._graph.size += 1
            after, answer, kind = core_step(self.state, operation)
            edge = CallEdge(self._graph.node(after), self._graph.outcomes.of(answer, answer, kind))
            known = self._edges[id(operation)] = (operation, (edge,))
        return known[1]


class CoreGraph(KnownStates[CoreState, CoreNode]):
    """All nodes met since the last drop."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0
        self.outcomes = Outcomes()

    def _made(self, state: CoreState) -> CoreNode:
        return CoreNode(state, self)

    def initial(self, *, final: bool) -> CoreNode:
        """The node of the empty state. Asked for between runs, so a graph that has grown past `BOUND` is dropped here."""
        if self.size > BOUND:
            self.size = 0
            self._drop()
        return self.node(CoreState(final=final))


class Connection(PossibleStates[CoreNode]):
    """The possible states of connection `name`. `lost`: no state explained an observation, so it is not judged any more."""

    def __init__(self, name: Id, node: CoreNode) -> None:
        super().__init__(node)
        self.name = name
        self.lost = False
        self.excused = False  # the environment failed it, so the manager may drop it at any moment
        self.left = False  # its disconnect has been called; from then on the client receives nothing, even if the call fails
        self.ended: list[CoreOperation] = []  # calls that have ended, and whose effect no observation has confirmed yet

    def digested(self, name: Mapping[int, Hashable]) -> Hashable:
        return super().digested(name), self.name, self.lost, self.excused, self.left, last_of_each(self.ended)

    def concerns(self, operation: CoreOperation) -> bool:
        """Whether `operation` can change anything for this connection."""
        return isinstance(operation, Teardown) or (not isinstance(operation, Publish) and operation.connection == self.name)

    def returned(self, call: int, answer: object) -> tuple[bool, set[str]]:
        """Record that `call` returned `answer`. Returns whether some configuration explains it, and the possible kinds of transition."""
        operation = self.open[call]
        explained, _ = self.answered(call, lambda outcome: agrees(operation, answer, outcome.answer))
        return bool(explained), {outcome.kind for outcome in explained}

    def touched(self) -> frozenset[Id] | None:
        """The topics that open calls touch; their maps may show anything. None: all topics."""
        if self.excused:
            return EVERYTHING
        if not self.open:
            return frozenset()
        topics: set[Id] = set()
        for operation in self.open.values():
            if isinstance(operation, Connect | Disconnect):
                return EVERYTHING
            assert not isinstance(operation, Publish)
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
        if any(not isinstance(o, Connect) and (isinstance(o, Disconnect) or _names(o, topic)) for o in self.open.values()):
            return False
        return all(topic in node.topics for node, _ in self.configurations)

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
        return not self.closed and any(isinstance(o, Connect) for o in self.open.values())


def last_of_each(operations: Sequence[CoreOperation]) -> tuple[CoreOperation, ...]:
    """Each operation once, the latest first: enough to find the latest of any subset."""
    return tuple(dict.fromkeys(reversed(operations)))


def _names(operation: CoreOperation, topic: Id) -> bool:
    return isinstance(operation, Unsubscribe | Teardown) and operation.topic == topic


def agrees(operation: CoreOperation, answer: object, allowed: object) -> bool:
    """Whether `answer` agrees with the model's. Only a bool from `subscribe` and `unsubscribe` is judged: many managers return nothing,
    or a value of another type."""
    return not isinstance(operation, Subscribe | Unsubscribe) or not isinstance(answer, bool) or answer is allowed
