"""The states of a custom model that runs have met, and what may be true of a run, frozen (see `checking.frozen_states`)."""

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from subwarden.checking.custom.model import ANY, CustomModel, CustomOperation, State
from subwarden.checking.custom.same import same
from subwarden.checking.frozen_states import FrozenGraph, FrozenStates, MemoNode
from subwarden.checking.possible_states import CallEdge, CallOutcome, PossibleStates

UNKNOWN: Any = object()
PLAIN = (bool, int, str, type(None))  # the types of answers that are looked up: equal ones are alike


class CustomNode(MemoNode[State]):
    """One state."""

    __slots__ = ("_graph", "_shown")

    def __init__(self, state: State, graph: "CustomGraph") -> None:
        super().__init__(state)
        self._graph = graph
        self._shown = UNKNOWN

    def _work_out(self, operation: CustomOperation) -> tuple[CallEdge, ...]:
        graph = self._graph
        graph.size += 1
        found: list[CallEdge] = []
        for after, answer in graph.model.seen(self.state, operation):
            try:
                hash(answer)
                key: Hashable = (type(answer), answer)
            except TypeError:
                key = (type(answer), repr(answer))  # at worst one answer is kept as two outcomes
            found.append(CallEdge(graph.node(after), graph.outcomes.of(key, answer, graph.model.kind(operation.name, answer))))
        return tuple(found)

    def shown(self) -> object:
        """See `CustomModel.shown`."""
        if self._shown is UNKNOWN:
            self._shown = self._graph.model.shown(self.state)
        return self._shown


class Answered(NamedTuple):
    """Where a return leads: the states after it, the kinds of transitions that explain the answer, and the outcomes that were possible."""

    to: "CustomStates"
    kinds: frozenset[str]
    possible: list[CallOutcome]


class CustomStates(FrozenStates[PossibleStates[CustomNode], "CustomStates"]):
    """One state of what may be true of a run. `settled` raises BadModel."""

    __slots__ = ()

    def after_return(self, call: int, answer: object) -> Answered:
        """`call` returned `answer`. Raises BadModel."""
        kind = type(answer)
        if kind in PLAIN:
            known: Answered | None = self.returned.get((call, kind, answer))
            if known is not None:
                return known
        after = self.now.copy()
        explained, possible = after.answered(call, lambda outcome: outcome.answer is ANY or same(outcome.answer, answer))
        answered = Answered(self._graph.states(after), frozenset(outcome.kind for outcome in explained), possible)
        if kind in PLAIN:
            self.returned[call, kind, answer] = answered
        return answered

    def showing(self, shows: Callable[[CustomNode], bool]) -> "CustomStates | None":
        """Those whose state `shows`; None: there are none."""
        configurations = self.now.configurations
        kept = tuple(configuration for configuration in configurations if shows(configuration[0]))
        if len(kept) == len(configurations):
            return self
        if not kept:
            return None
        after = self.now.copy()
        after.configurations = kept
        return self._graph.states(after)


class CustomGraph(FrozenGraph[State, CustomNode, PossibleStates[CustomNode], CustomStates]):
    """All nodes and states met since the last drop."""

    model: CustomModel

    def initial(self, model: CustomModel) -> CustomStates:
        """What is true of a run of `model` at first. Asked for between runs, so a full graph is dropped here."""
        if self.full or getattr(self, "model", model) is not model:
            self.drop()
        self.model = model
        return self.states(PossibleStates(self.node(model.initial)))

    def _made(self, state: State) -> CustomNode:
        return CustomNode(state, self)

    def _frozen(self, now: PossibleStates[CustomNode]) -> CustomStates:
        return CustomStates(now, self)
