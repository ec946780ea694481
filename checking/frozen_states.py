"""The possible states of a run, hash-consed, with a memo of what each event leads to: an event is worked out once for all runs.

A program is run hundreds of times, and its runs meet the same few states. `FrozenStates` freezes one `PossibleStates`; what an event leads
to is worked out on a copy and then looked up, by the identity of interned operations. Dropping the memo costs time, never correctness.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable
from itertools import count
from typing import Any, Generic, NamedTuple, TypeVar

from subwarden.checking.known_states import KnownStates
from subwarden.checking.possible_states import CallEdge, Operation, Outcomes, PossibleStates

BOUND = 40_000  # states, transitions and moves kept; some hundred bytes each
MOST_EQUAL = 1_000_000  # calls of one operation that may be open at once

S = TypeVar("S", bound=Hashable)
N = TypeVar("N", bound="MemoNode[Any]")
P = TypeVar("P", bound=PossibleStates[Any])
F = TypeVar("F", bound="FrozenStates[Any, Any]")


class MemoNode(ABC, Generic[S]):
    """One state of a model, with a memo of its transitions by the identity of the operation."""

    __slots__ = ("_edges", "state")

    def __init__(self, state: S) -> None:
        self.state = state
        self._edges: dict[int, tuple[Operation, tuple[CallEdge, ...]]] = {}

    def let_go(self) -> None:
        """See `checking.known_states`."""
        self._edges.clear()

    def steps(self, operation: Operation) -> tuple[CallEdge, ...]:
        """See `checking.possible_states.Node`."""
        known = self._edges.get(id(operation))
        if known is None:
            known = self._edges[id(operation)] = operation, self._work_out(operation)  # kept, for it is known by its identity
        return known[1]

    @abstractmethod
    def _work_out(self, operation: Operation) -> tuple[CallEdge, ...]:
        """The transitions of `operation`, as the model has them."""


class Begun(NamedTuple, Generic[F]):
    """Where a call leads, and the number by which it is known until it ends: the least of its operation's that no open call has. So equal
    states of different programs are one, whichever tasks make the calls, and in whichever order these began.
    """

    number: int
    to: F
    operation: Operation  # kept, for it is known by its identity


class FrozenStates(Generic[P, F]):
    """One state of what may be true. `now` is never changed."""

    __slots__ = ("_graph", "begun", "now", "returned")

    def __init__(self, now: P, graph: "FrozenGraph[Any, Any, P, F]") -> None:
        self.now = now
        self._graph = graph
        self.begun: dict[int, Begun[F]] = {}  # by identity of the operation
        self.returned: dict[Hashable, Any] = {}

    def let_go(self) -> None:
        """Drop all references to other states: they form cycles."""
        self.begun.clear()
        self.returned.clear()

    def begin(self, operation: Operation) -> Begun[F]:
        """A call of `operation` begins. Remembered in `begun`."""
        number = next(number for number in count(self._graph.first_number(operation)) if number not in self.now.open)
        known = self.begun[id(operation)] = Begun(number, self.after_call(number, operation), operation)
        return known

    def after_call(self, call: int, operation: Operation) -> F:
        """`call` of `operation` begins."""
        after = self.now.copy()
        after.called(call, operation)
        after.open = dict(sorted(after.open.items()))
        return self._graph.states(after)

    def settled(self, calls: Iterable[int]) -> F:
        """No task is left that could finish the `calls` without a caller."""
        after = self.now.copy()
        after.settled(calls)
        return self._graph.states(after)


class FrozenGraph(KnownStates[S, N], Generic[S, N, P, F]):
    """All states met since the last drop, and the nodes of the model that they hold."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes = Outcomes()
        self.size = 0
        self._states: dict[Hashable, F] = {}
        self._numbers: dict[int, tuple[int, Operation]] = {}  # by identity of the operation

    def first_number(self, operation: Operation) -> int:
        """The first of the numbers by which calls of `operation` are known."""
        known = self._numbers.get(id(operation))
        if known is None:
            known = self._numbers[id(operation)] = len(self._numbers) * MOST_EQUAL, operation
        return known[0]

    @abstractmethod
    def _frozen(self, now: P) -> F:
        """Make the object for `now`."""

    def _more(self, now: P) -> Hashable:
        """What tells `now` from others, besides its configurations and its open calls."""
        return None

    def states(self, now: P) -> F:
        """The one object for `now`, which must not be changed any more."""
        self.size += 1
        calls = tuple((call, id(operation)) for call, operation in now.open.items())  # kept by `now`
        key = frozenset(now.configurations), calls, self._more(now)
        known = self._states.get(key)
        if known is None:
            known = self._states[key] = self._frozen(now)
        return known

    @property
    def full(self) -> bool:
        """Whether it is to be dropped: only between runs, for runs compare by identity."""
        return self.size > BOUND

    def drop(self) -> None:
        """See `KnownStates`."""
        super().drop()
        for each in self._states.values():
            each.let_go()
        self._states.clear()
        self._numbers.clear()
        self.outcomes = Outcomes()
        self.size = 0
