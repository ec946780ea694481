"""The states of somebody's own model that runs have met, so that it is asked once for each."""

from collections.abc import Hashable
from typing import Any

from checking.own.model import OwnModel, OwnOperation, State
from checking.possibilities import Edge, Outcomes

BOUND = 40_000  # steps kept
UNKNOWN: Any = object()


class OwnNode:
    """One state, and what has been asked of it so far; operations are asked by identity."""

    __slots__ = ("_edges", "_graph", "_shown", "state")

    def __init__(self, state: State, graph: "OwnGraph") -> None:
        self.state = state
        self._graph = graph
        self._shown = UNKNOWN
        self._edges: dict[int, tuple[OwnOperation, tuple[Edge, ...]]] = {}

    def let_go(self) -> None:
        """Forget all others: see `checking.core.worlds`."""
        self._edges.clear()

    def steps(self, operation: OwnOperation) -> tuple[Edge, ...]:
        """See `OwnModel.steps`."""
        known = self._edges.get(id(operation))
        if known is None:
            known = self._edges[id(operation)] = (operation, self._graph.edges(self.state, operation))
        return known[1]

    def shown(self) -> object:
        """See `OwnModel.shown`."""
        if self._shown is UNKNOWN:
            self._shown = self._graph.model.shown(self.state)
        return self._shown


class OwnGraph:
    """All nodes seen since they were last dropped."""

    model: OwnModel

    def __init__(self) -> None:
        self._size = 0
        self._outcomes = Outcomes()
        self._nodes: dict[State, OwnNode] = {}

    def initial(self, model: OwnModel) -> OwnNode:
        """The node of `model`'s initial state; between runs, so that this is the moment to drop what has grown too large."""
        if self._size > BOUND or getattr(self, "model", model) is not model:
            self._size = 0
            for node in self._nodes.values():
                node.let_go()
            self._nodes.clear()
            self._outcomes = Outcomes()
        self.model = model
        return self.node(model.initial)

    def node(self, state: State) -> OwnNode:
        """The one node of `state`."""
        node = self._nodes.get(state)
        if node is None:
            node = self._nodes[state] = OwnNode(state, self)
        return node

    def edges(self, state: State, operation: OwnOperation) -> tuple[Edge, ...]:
        """What `operation` may do in `state`."""
        self._size += 1
        found: list[Edge] = []
        for after, answer in self.model.steps(state, operation):
            try:
                hash(answer)
                key: Hashable = (type(answer), answer)
            except TypeError:
                key = (type(answer), repr(answer))  # at worst an answer is kept twice
            found.append(Edge(self.node(after), self._outcomes.of(key, answer, self.model.kind(operation.name, answer))))
        return tuple(found)
