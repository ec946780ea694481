"""What may be true of one connection, as far as the calls, their answers and what showed leave it open.

How that is followed is said in `checking.possible_states`. Connections are followed apart from each other, because no operation but a
teardown concerns two; a teardown may reach one connection before another. That keeps the worlds few, and what it lets pass is an order,
never a state. A call that was cancelled has acted, or not, or somebody finishes it later (P11).
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
EVERYTHING = None  # what a call touches that concerns all topics of its connection


class CoreNode:
    """One state of the model, of one connection, and what has been asked of it so far; operations are asked by identity."""

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
    """All nodes seen since they were last dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0
        self.outcomes = Outcomes()

    def _made(self, state: CoreState) -> CoreNode:
        return CoreNode(state, self)

    def initial(self, *, final: bool) -> CoreNode:
        """The node of the empty state; between runs, so that this is the moment to drop a graph that has grown too large."""
        if self.size > BOUND:
            self.size = 0
            self._drop()
        return self.node(CoreState(final=final))


class Connection(PossibleStates[CoreNode]):
    """Everything that may be true of connection `name`. `lost`: what it did is none of it, and nothing more can be told."""

    def __init__(self, name: Id, node: CoreNode) -> None:
        super().__init__(node)
        self.name = name
        self.lost = False
        self.excused = False  # the environment failed it, so the manager may drop it at any moment
        self.left = False  # its disconnect has been called: whatever came of that, nobody is there to receive anything
        self.ended: list[CoreOperation] = []  # calls that have ended, and whose work has not been seen to be right

    def digested(self, name: Mapping[int, Hashable]) -> Hashable:
        return super().digested(name), self.name, self.lost, self.excused, self.left, last_of_each(self.ended)

    def concerns(self, operation: CoreOperation) -> bool:
        """Whether `operation` can change anything for this connection."""
        return isinstance(operation, Teardown) or (not isinstance(operation, Publish) and operation.connection == self.name)

    def returned(self, call: int, answer: object) -> tuple[bool, set[str]]:
        """`call` returned: whether some world explains `answer`, and the kinds of transition that it can have been."""
        operation = self.open[call]
        explained, _ = self.answered(call, lambda outcome: agrees(operation, answer, outcome.answer))
        return bool(explained), {outcome.kind for outcome in explained}

    def touched(self) -> frozenset[Id] | None:
        """The topics that an open call touches, for which anything may show; None: all of them."""
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
        """`topics` show, and mean something but for those `touched`: keep the worlds that look so. False: there is none."""
        if touched:
            kept = tuple(world for world in self.worlds if world[0].topics - touched == topics - touched)
        else:
            kept = tuple(world for world in self.worlds if world[0].topics == topics)
        if not kept:
            return False
        self.worlds = kept
        return True

    def surely(self, topic: Id) -> bool:
        """Whether it is there and subscribed to `topic` now, whatever the open calls have done."""
        if self.excused or self.lost or self.left:
            return False
        if any(not isinstance(o, Connect) and (isinstance(o, Disconnect) or _names(o, topic)) for o in self.open.values()):
            return False
        return all(topic in node.topics for node, _ in self.worlds)

    def possibly(self, topic: Id) -> bool:
        """Whether it may be subscribed to `topic` now."""
        if self.excused or self.lost:
            return True
        if any(isinstance(o, Subscribe) and o.topic == topic for o in self.open.values()):
            return True
        return any(topic in node.topics for node, _ in self.worlds)

    @property
    def closed(self) -> bool:
        """Whether it has been closed for certain."""
        return all(node.state.closed for node, _ in self.worlds)

    @property
    def may_live(self) -> bool:
        """Whether it may be connected now."""
        if any(node.live for node, _ in self.worlds):
            return True
        return not self.closed and any(isinstance(o, Connect) for o in self.open.values())


def last_of_each(operations: Sequence[CoreOperation]) -> tuple[CoreOperation, ...]:
    """Each once, the last first: all that matters to who asks which of some came last."""
    return tuple(dict.fromkeys(reversed(operations)))


def _names(operation: CoreOperation, topic: Id) -> bool:
    return isinstance(operation, Unsubscribe | Teardown) and operation.topic == topic


def agrees(operation: CoreOperation, answer: object, allowed: object) -> bool:
    """Only a bool from `subscribe` and `unsubscribe` is an answer; many managers return nothing, or something of their own."""
    return not isinstance(operation, Subscribe | Unsubscribe) or not isinstance(answer, bool) or answer is allowed
