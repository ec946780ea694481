"""The states of a custom model that runs have met. Each transition is computed once and then looked up."""

from collections.abc import Hashable
from typing import Any

from subwarden.checking.custom.model import CustomModel, CustomOperation, State
from subwarden.checking.known_states import KnownStates
from subwarden.checking.possible_states import CallEdge, Outcomes

BOUND = 40_000  # steps kept
UNKNOWN: Any = object()


class CustomNode:
    """One state, with a memo of its transitions by the identity of the operation."""

    __slots__ = ("_edges", "_graph", "_shown", "state")

    def __init__(self, state: State, graph: "CustomGraph") -> None:
        self.state = state
        self._graph = graph
        self._shown = UNKNOWN
        self._edges: dict[int, tuple[CustomOperation, tuple[CallEdge, ...]]] = {}

    def let_go(self) -> None:
        """See `checking.known_states`."""
        self._edges.clear()

    def steps(self, operation: CustomOperation) -> tuple[CallEdge, ...]:
        """See `CustomModel.steps`."""
        known = self._edges.get(id(operation))
        if known is None:
            known = self._edges[id(operation)] = (operation, self._graph.edges(self.state, operation))
        return known[1]

    def shown(self) -> object:
        """See `CustomModel.shown`."""
        if self._shown is UNKNOWN:
            self._shown = self._graph.model.shown(self.state)
        return self._shown


class CustomGraph(KnownStates[State, CustomNode]):
    """All nodes met since the last drop."""

    model: CustomModel

    def __init__(self) -> None:
        super().__init__()
        self._size = 0
        self._outcomes = Outcomes()

    def initial(self, model: CustomModel) -> CustomNode:
        """The node of `model`'s initial state. Asked for between runs, so a graph that has grown past `BOUND` is dropped here."""
        if self._size > BOUND or getattr(self, "model", model) is not model:
            self._size = 0
            self._drop()
            self._outcomes = Outcomes()
        self.model = model
        return self.node(model.initial)

    def _made(self, state: State) -> CustomNode:
        return CustomNode(state, self)

    def edges(self, state: State, operation: CustomOperation) -> tuple[CallEdge, ...]:
        """The transitions of `operation` from `state`. Raises BadModel."""
        self._size += 1
        found: list[CallEdge] = []
        for after, answer in self.model.steps(state, operation):
            try:
                hash(answer)
                key: Hashable = (type(answer), answer)
            except TypeError:
                key = (type(answer), repr(answer))  # at worst one answer is kept as two outcomes
            found.append(CallEdge(self.node(after), self._outcomes.of(key, answer, self.model.kind(operation.name, answer))))
        return tuple(found)
