"""The model's states as a graph that is built while runs walk it, so that a transition is computed once and then looked up.

States are hash-consed: equal states are one node. The graph is dropped when it grows past a bound; that costs time, never truth.
"""

from typing import NamedTuple

from model.operations import ManagerOperation
from model.projection import View, view
from model.state import State
from model.step import Call, begin, step

BOUND = 50_000


class Edge(NamedTuple):
    """What one call does at a node."""

    node: "Node"
    answer: object
    kind: str


class Node:
    """A model state, how it looks from outside, and what has been asked of it so far."""

    __slots__ = ("_calls", "_edges", "_graph", "state", "view")

    def __init__(self, state: State, graph: "Graph") -> None:
        self.state = state
        self.view: View = view(state)
        self._graph = graph
        self._calls: dict[ManagerOperation, Call] = {}
        self._edges: dict[Call, Edge] = {}

    def begin(self, operation: ManagerOperation) -> Call:
        """`model.step.begin` at this state."""
        call = self._calls.get(operation)
        if call is None:
            call = self._calls[operation] = begin(self.state, operation)
        return call

    def step(self, call: Call) -> Edge:
        """`model.step.step` from this state."""
        edge = self._edges.get(call)
        if edge is None:
            outcome = step(self.state, call)
            edge = self._edges[call] = Edge(self._graph.node(outcome.state), outcome.answer, outcome.kind)
        return edge


class Graph:
    """All nodes seen since it was last dropped."""

    def __init__(self) -> None:
        self._nodes: dict[State, Node] = {}

    def node(self, state: State) -> Node:
        """The one node of `state`."""
        node = self._nodes.get(state)
        if node is None:
            node = self._nodes[state] = Node(state, self)
        return node

    def initial(self) -> Node:
        """The node of the empty state; between runs, so that this is the moment to drop a graph that has grown too large."""
        if len(self._nodes) > BOUND:
            self._nodes.clear()
        return self.node(State())
