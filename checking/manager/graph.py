"""The model's states as a graph, built while runs walk it: each transition is computed once and then looked up.

States are hash-consed: equal states share one node. The graph is dropped when it grows past a bound, which costs time, never
correctness.
"""

from collections.abc import Hashable
from typing import Any, NamedTuple

from subwarden.checking.known_states import KnownStates
from subwarden.model.manager.operations import ManagerOperation
from subwarden.model.manager.projection import Shown, View, view
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Call, begin, step

EMPTY = State()
MOVES = 20_000  # moves kept, some 300 bytes each. With a quarter of them a hunt is 9% slower, with four times as many no faster
BOUND = 40_000  # transitions kept, some 600 bytes each with their share of the nodes; one program needs a few hundred


class ManagerEdge(NamedTuple):
    """The transition of one call from a node."""

    node: "ManagerNode"
    answer: object
    kind: str
    silent: bool  # the node stays: the call only answers
    unseen: bool  # the node changes, but its view does not
    only_raw: bool  # only a raw choice changes the view, and a manager may set that later


class ManagerNode:
    """A model state, its view, and a memo of its transitions.

    The inner loop looks up by identity, not by value: hashing an operation costs more than everything else here. That is sound because
    calls are interned in the graph, and an operation that is looked up by identity is kept alive beside its answer.
    """

    __slots__ = ("_but_live", "_graph", "begun", "edges", "shown", "state", "view")

    def __init__(self, state: State, graph: "ManagerGraph") -> None:
        self.state = state
        self.view: View = graph.one_view(view(state))
        self._but_live: View | None = None
        self.shown: Shown | None = None  # maps that were once found to agree with each other and with this state
        self._graph = graph
        self.begun: dict[int, tuple[ManagerOperation, Call]] = {}  # the results of `begin`, by the identity of the operation
        self.edges: dict[int, ManagerEdge] = {}  # the results of `step`, by the identity of the call

    @property
    def view_but_live(self) -> View:
        """The view of a manager that keeps no record of live connections."""
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
    """All nodes and calls met since the last drop."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0
        self.first: Shown | None = None  # the last manager's maps before its run began
        self.moves = 0
        self.manager_states: dict[Hashable, Any] = {}  # this and the next two are kept by `checking.manager.possible_states`
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
        """The one object equal to `view`: equal views are compared by identity."""
        return self._views.setdefault(view, view)

    def initial(self, state: State) -> ManagerNode:
        """The node at which a run starts."""
        known = self._initial.get(id(state))
        if known is None:
            known = self._initial[id(state)] = (state, self.node(state))
        return known[1]

    def is_full(self) -> bool:
        """Whether to call `forget` before the next run."""
        return self.moves > MOVES or self.size > BOUND

    def forget(self) -> None:
        """Drop the judges' moves and, past `BOUND`, the model's transitions. Only between runs."""
        self.moves = 0
        for each in (*self.manager_states.values(), *self.pending.values()):
            each.let_go()
        for known in (self.manager_states, self.starts, self.pending):
            known.clear()
        if self.size > BOUND:
            self.size = 0
            self.drop()
            for kept in (self._calls, self._views, self._initial):
                kept.clear()
