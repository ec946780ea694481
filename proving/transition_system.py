"""What the search needs of a model: integers for states, and these few answers about them.

Level manager (`proving.manager.system`) is one such system; another level is another, and the search does not change. It refuses to say
how a system stores or finds its answers.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Protocol

from subwarden.model.properties import Property


class BrokenProperty(NamedTuple):
    """A property that does not hold: in a state, or in the step `action` from it."""

    property: Property
    what: str
    action: Hashable | None = None


class Transition(NamedTuple):
    """One step: what happened, where it leads, of what kind it is, what the caller was answered."""

    action: Hashable
    target: int
    kind: str
    answer: object


class TransitionSystem(Protocol):
    """A finite system of states, each an integer."""

    @property
    def initial(self) -> int:
        """The one state in which a run starts."""

    def expand(self, states: Sequence[int], weights: Sequence[int] | None = None, known: AbstractSet[int] = frozenset()) -> set[int]:
        """All that the states lead to and is not `known`. Counts the transitions on the way, each state's `weight` times (once if
        None)."""

    def kinds(self) -> Counter[str]:
        """Transitions counted so far, by kind."""

    def expected_kinds(self) -> Sequence[str]:
        """The kinds that must be met before "holds" means anything."""

    def suspicious(self, states: Iterable[int]) -> set[int]:
        """Those of the states in which some property is broken."""

    def sources_of_bad_steps(self, states: Iterable[int]) -> set[int]:
        """Those of the states, expanded before, from which a step breaks a property of steps."""

    def broken(self, state: int) -> list[BrokenProperty]:
        """Every property that is broken in `state` or in a step from it; slow and in words."""

    def edges(self, state: int) -> list[Transition]:
        """Every step from `state`, in a fixed order; slow and in words."""

    def watch(self, states: Sequence[int]) -> None:
        """Look in `states` for `sometimes` properties not met yet."""

    def met(self) -> dict[str, bool]:
        """The `sometimes` properties by name, and whether each was met."""

    def show(self, state: int) -> str:
        """The state in words, in one line."""

    def show_action(self, action: Hashable) -> str:
        """What happened, in words."""


class Symmetry(Protocol):
    """Which states are the same but for names. Exact: two states get the same representative if and only if a renaming leads from
    one to the other (Clarke, Emerson, Jha, Sistla 1998)."""

    def canonical(self, state: int) -> int:
        """The representative of the state's orbit."""

    def orbit_size(self, state: int) -> int:
        """How many states are in the orbit."""


Renaming = Callable[[int], int]
