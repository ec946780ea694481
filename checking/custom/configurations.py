"""The states of a custom model that runs have met, and what may be true of a run. Each transition is worked out once, then looked up.

`CustomStates` freezes one `PossibleStates`; its moves are worked out on a copy and looked up by the identity of interned operations, as
`checking.core.connection_states` does. Dropping the memo costs time, never correctness.
"""

from collections.abc import Callable, Hashable, Iterable
from itertools import count
from typing import Any, NamedTuple

from subwarden.checking.custom.model import ANY, CustomModel, CustomOperation, State
from subwarden.checking.custom.same import same
from subwarden.checking.known_states import KnownStates
from subwarden.checking.possible_states import CallEdge, CallOutcome, Outcomes, PossibleStates

BOUND = 40_000  # steps and moves kept
UNKNOWN: Any = object()
PLAIN = (bool, int, str, type(None))  # the types of answers that are looked up: equal ones are alike


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


class Answered(NamedTuple):
    """Where a return leads: the states after it, the kinds of transitions that explain the answer, and the outcomes that were possible."""

    to: "CustomStates"
    kinds: frozenset[str]
    possible: list[CallOutcome]


class Begun(NamedTuple):
    """Where a call leads, and the number by which it is known until it ends; see `checking.core.connection_states`."""

    number: int
    to: "CustomStates"
    operation: CustomOperation


class CustomStates:
    """One state of what may be true of a run. `now` is never changed."""

    __slots__ = ("_answered", "_graph", "begun", "now")

    def __init__(self, now: PossibleStates[CustomNode], graph: "CustomGraph") -> None:
        self.now = now
        self._graph = graph
        self.begun: dict[int, Begun] = {}  # by identity of the operation
        self._answered: dict[tuple[int, type, object], Answered] = {}

    def let_go(self) -> None:
        """Drop all references to other states: they form cycles."""
        self.begun.clear()
        self._answered.clear()

    def begin(self, operation: CustomOperation) -> Begun:
        """A call of `operation` begins. Remembered in `begun`."""
        after = self.now.copy()
        number = next(number for number in count() if number not in after.open)
        after.open[number] = operation
        known = self.begun[id(operation)] = Begun(number, self._graph.states(after), operation)
        return known

    def after_return(self, call: int, answer: object) -> Answered:
        """`call` returned `answer`. Raises BadModel."""
        kind = type(answer)
        if kind in PLAIN:
            known = self._answered.get((call, kind, answer))
            if known is not None:
                return known
        after = self.now.copy()
        explained, possible = after.answered(call, lambda outcome: outcome.answer is ANY or same(outcome.answer, answer))
        answered = Answered(self._graph.states(after), frozenset(outcome.kind for outcome in explained), possible)
        if kind in PLAIN:
            self._answered[call, kind, answer] = answered
        return answered

    def settled(self, calls: Iterable[int]) -> "CustomStates":
        """No task is left that could finish the `calls` without a caller. Raises BadModel."""
        after = self.now.copy()
        after.settled(calls)
        return self._graph.states(after)

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


class CustomGraph(KnownStates[State, CustomNode]):
    """All nodes and states met since the last drop."""

    model: CustomModel

    def __init__(self) -> None:
        super().__init__()
        self._size = 0
        self._outcomes = Outcomes()
        self._states: dict[Hashable, CustomStates] = {}

    def initial(self, model: CustomModel) -> CustomStates:
        """What is true of a run of `model` at first. Asked for between runs, so a graph that has grown past `BOUND` is dropped here."""
        if self._size > BOUND or getattr(self, "model", model) is not model:
            self._size = 0
            self.drop()
            self._outcomes = Outcomes()
            for each in self._states.values():
                each.let_go()
            self._states.clear()
        self.model = model
        return self.states(PossibleStates(self.node(model.initial)))

    def states(self, now: PossibleStates[CustomNode]) -> CustomStates:
        """The one object for `now`, which must not be changed any more."""
        self._size += 1
        key = now.configurations, tuple((call, id(operation)) for call, operation in now.open.items())  # kept alive by the state
        known = self._states.get(key)
        if known is None:
            known = self._states[key] = CustomStates(now, self)
        return known

    def _made(self, state: State) -> CustomNode:
        return CustomNode(state, self)

    def edges(self, state: State, operation: CustomOperation) -> tuple[CallEdge, ...]:
        """The transitions of `operation` from `state`. Raises BadModel."""
        self._size += 1
        found: list[CallEdge] = []
        for after, answer in self.model.seen(state, operation):
            try:
                hash(answer)
                key: Hashable = (type(answer), answer)
            except TypeError:
                key = (type(answer), repr(answer))  # at worst one answer is kept as two outcomes
            found.append(CallEdge(self.node(after), self._outcomes.of(key, answer, self.model.kind(operation.name, answer))))
        return tuple(found)
