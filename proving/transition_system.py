"""The interface between the search and a model: states are integers, and a system answers the questions below about them.

Each level has a system of its own (`proving.manager.system`, `proving.server.system`); the search is the same for all.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Protocol

from subwarden.model.properties import Property


class BrokenProperty(NamedTuple):
    """A property that does not hold: in a state, or in the step `action` from it."""

    property: Property
    what: str
    action: Hashable | None = None


class Transition(NamedTuple):
    """One step: the action, the state it leads to, its kind, the caller's answer."""

    action: Hashable
    target: int
    kind: str
    answer: object


class TransitionSystem(Protocol):
    """A finite system of states, each an integer."""

    @property
    def initial(self) -> int:
        """The one state in which a run starts."""

    @property
    def width(self) -> int:
        """The bits of a state's integer, at most."""

    @property
    def chunk(self) -> int:
        """How many states to expand between two looks at Ctrl-C and the bounds: work of a fraction of a second."""

    def expand(self, states: Sequence[int], weights: Sequence[int] | None = None, known: AbstractSet[int] = frozenset()) -> set[int]:
        """The successors of the states that are not in `known`. Counts the transitions, those of each state `weight` times (once if
        None)."""

    def kinds(self) -> Counter[str]:
        """Transitions counted so far, by kind."""

    def expected_kinds(self) -> Sequence[str]:
        """The kinds that a search must meet for "holds" not to be vacuous."""

    def suspicious(self, states: Iterable[int]) -> set[int]:
        """The states that break some property."""

    def sources_of_bad_steps(self, states: Iterable[int]) -> set[int]:
        """The states from which a step breaks a step property. All must have been expanded before."""

    def broken(self, state: int) -> list[BrokenProperty]:
        """Every property that `state`, or a step from it, breaks; slow, in words."""

    def edges(self, state: int) -> list[Transition]:
        """Every step from `state`, in a fixed order; slow, in words."""

    def watch(self, states: Sequence[int]) -> None:
        """Test the `sometimes` properties that are not met yet on `states`."""

    def met(self) -> dict[str, bool]:
        """The `sometimes` properties by name, and whether each was met."""

    def show(self, state: int) -> str:
        """The state in words, in one line."""

    def show_action(self, action: Hashable) -> str:
        """The action in words."""


class Symmetry(Protocol):
    """Groups the states that differ only in names into orbits. Exact: two states get the same representative if and only if a renaming
    leads from one to the other (Clarke, Emerson, Jha, Sistla 1998)."""

    def canonical(self, state: int) -> int:
        """The representative of the state's orbit."""

    def representatives(self, states: Iterable[int]) -> set[int]:
        """The representatives of the states' orbits."""
        return set(map(self.canonical, states))

    def orbit_size(self, state: int) -> int:
        """The number of states in the orbit."""

    def orbit_sizes(self, states: Iterable[int]) -> list[int]:
        """The number of states in the orbit of each."""
        return list(map(self.orbit_size, states))
