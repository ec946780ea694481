"""The model's states as a graph that is built while runs walk it, so that a transition is computed once and then looked up.

States are hash-consed: equal states are one node. The graph is dropped when it grows past a bound; that costs time, never truth.
"""

from collections.abc import Hashable
from typing import Any, NamedTuple

from subwarden.checking.known_states import KnownStates
from subwarden.model.manager.operations import ManagerOperation
from subwarden.model.manager.projection import Shown, View, view
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Call, begin, step

EMPTY = State()
MOVES = 20_000  # of judges, kept at some 300 bytes each. With a quarter a hunt is 9% slower, with four times as many no faster
BOUND = 40_000  # lookups kept, with their share of the nodes some 600 bytes each; a program asks for a few hundred


class ManagerEdge(NamedTuple):
    """What one call does at a node."""

    node: "ManagerNode"
    answer: object
    kind: str
    silent: bool  # the node stays: the call only answers
    unseen: bool  # the node changes, but nothing of it shows
    only_raw: bool  # nothing shows but a raw choice, which a manager may set later


class ManagerNode:
    """A model state, how it looks from outside, and what has been asked of it so far.

    The inner loop asks by identity, not by value: hashing an operation costs more than everything else here. That is sound because
    calls are interned in the graph, and an operation asked by identity is kept alive beside its answer.
    """

    __slots__ = ("_but_live", "_graph", "begun", "edges", "shown", "state", "view")

    def __init__(self, state: State, graph: "ManagerGraph") -> None:
        self.state = state
        self.view: View = graph.one_view(view(state))
        self._but_live: View | None = None
        self.shown: Shown | None = None  # maps that were once found to be this state's, and to agree with each other
        self._graph = graph
        self.begun: dict[int, tuple[ManagerOperation, Call]] = {}  # what `begin` has found, by the identity of the operation
        self.edges: dict[int, ManagerEdge] = {}  # what `step` has found, by the identity of the call

    @property
    def view_but_live(self) -> View:
        """What a manager that keeps no record of connections can show of it."""
        if self._but_live is None:
            self._but_live = self._graph.one_view(self.view._replace(live=None))
        return self._but_live

    def let_go(self) -> None:
        """See `checking.known_states`."""
        self.begun.clear()
        self.edges.clear()

    def begin(self, operation: ManagerOperation) -> Call:
        """`model.manager.step.begin` at this state."""
        known = self.begun.get(id(operation))
        if known is None:
            self._graph.size += 1
            known = self.begun[id(operation)] = (operation, self._graph.call(begin(self.state, operation)))
        return known[1]

    def step(self, call: Call) -> ManagerEdge:
        """`model.manager.step.step` from this state."""
        edge = self.edges.get(id(call))
        if edge is None:
            self._graph.size += 1
            outcome = step(self.state, call)
            node = self._graph.node(outcome.state)
            unseen = node is not self and node.view is self.view
            only_raw = not unseen and node is not self and node.view._replace(raw=self.view.raw) == self.view
            edge = ManagerEdge(node, outcome.answer, outcome.kind, node is self, unseen, only_raw)
            self.edges[id(call)] = edge
        return edge


class ManagerGraph(KnownStates[State, ManagerNode]):
    """All nodes and calls seen since they were last dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0
        self.first: Shown | None = None  # what the last manager showed before its run began
        self.moves = 0
        self.beliefs: dict[Hashable, Any] = {}  # this and the next two are kept by `checking.manager.possible_states`
        self.starts: dict[tuple[int, bool], Any] = {}
        self.pending: dict[tuple[int, int, int], Any] = {}
        self._initial: dict[int, tuple[State, ManagerNode]] = {}  # by identity, as calls are
        self._calls: dict[Call, Call] = {}
        self._views: dict[View, View] = {}

    def _made(self, state: State) -> ManagerNode:
        return ManagerNode(state, self)

    def call(self, call: Call) -> Call:
        """The one object equal to `call`."""
        return self._calls.setdefault(call, call)

    def one_view(self, view: View) -> View:
        """The one object equal to `view`: nodes that look the same are told by identity."""
        return self._views.setdefault(view, view)

    def initial(self, state: State) -> ManagerNode:
        """The node that a run starts at."""
        known = self._initial.get(id(state))
        if known is None:
            known = self._initial[id(state)] = (state, self.node(state))
        return known[1]

    def is_full(self) -> bool:
        """Whether it is time to `forget`, between runs."""
        return self.moves > MOVES or self.size > BOUND

    def forget(self) -> None:
        """Drop the judges' moves and, if there is too much of it, what the model does."""
        self.moves = 0
        for each in (*self.beliefs.values(), *self.pending.values()):
            each.let_go()
        for known in (self.beliefs, self.starts, self.pending):
            known.clear()
        if self.size > BOUND:
            self.size = 0
            self._drop()
            for kept in (self._calls, self._views, self._initial):
                kept.clear()
