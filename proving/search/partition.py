"""One owner's share of a search: it expands the states that are its own, keeps those of them that are new, and hands out the others.

A state's owner depends on the state alone, in every process and after a restart (Stern and Dill 1997, "Parallelizing the Murphi
Verifier"). With one owner, all states are its own.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from subwarden.proving.search.state_file import Layer, Packing, Record
from subwarden.proving.search.visited import Ceiling, Place, Visited
from subwarden.proving.transition_system import Symmetry, TransitionSystem

PRIME = (1 << 61) - 1
SPREAD = 0x9E3779B97F4A7C15


def owner_of(state: int, owners: int) -> int:
    """The owner of a state: each bit of the state may change it."""
    return (state % PRIME * SPREAD >> 60) % owners


class LayerReport(NamedTuple):
    """What is known at the end of a layer. `layer`: the states of the next one."""

    layer: Layer
    expanded: int
    orbits: int  # of the next layer: the sum of their sizes
    suspects: set[int]  # of the next layer: states that break a property
    sources: set[int]  # of this layer: sources of steps that break one
    kinds: Counter[str]  # of the whole search
    met: dict[str, bool]


class Partition:
    """The share of `owner`, one of `owners`. `capacity`: states that it may keep in memory."""

    def __init__(
        self,
        system: TransitionSystem,
        symmetry: Symmetry | None,
        place: Place,
        capacity: int | None,
        owner: int = 0,
        owners: int = 1,
        ceiling: Ceiling | None = None,
    ) -> None:
        self._system, self._symmetry, self._owner, self._owners = system, symmetry, owner, owners
        mine: Callable[[int], bool] | None = (lambda state: owner_of(state, owners) == owner) if owners > 1 else None
        self.visited = Visited(Packing(system.width), place, capacity, self._judge, mine, ceiling)
        self._mine = mine
        self._frontier: Iterator[Record] = iter(())
        self.left = 0  # states of this layer that are to be expanded
        self._expanded = self._orbits = 0
        self._suspects, self._sources = set[int](), set[int]()

    def _judge(self, states: Sequence[int]) -> list[int] | None:
        self._suspects |= self._system.suspicious(states)
        weights = None if self._symmetry is None else self._symmetry.orbit_sizes(states)
        self._orbits += len(states) if weights is None else sum(weights)
        return weights

    def resume(self, layers: Sequence[Layer]) -> None:
        """Go on after `layers`, of which the last one is to be expanded."""
        self.visited.resume(layers)
        last = layers[-1]
        self._frontier = last.records()
        self.left = len(last)
        if self._mine is not None:
            mine = self._mine
            self._frontier = (record for record in self._frontier if mine(record[0]))
            self.left = sum(map(mine, last))

    def expand(self) -> list[list[int]]:
        """Expand some states. Returns the successors that others own, for each of the owners."""
        chunk = list(islice(self._frontier, self._system.chunk))
        states, weights = [state for state, _ in chunk], [weight for _, weight in chunk]
        known = self.visited.known
        new = self._system.expand(states, None if self._symmetry is None else weights, known)
        if self._symmetry is not None:  # only now: a state that is known is its own representative
            new = self._symmetry.representatives(new) - known
        self._sources |= self._system.sources_of_bad_steps(states)
        self._system.watch(states)
        self.left -= len(chunk)
        self._expanded += len(chunk)
        return self._hand_out(new)

    def _hand_out(self, new: set[int]) -> list[list[int]]:
        if self._owners == 1:
            self.visited.add(new)
            self.visited.make_room()
            return []
        owned: list[list[int]] = [[] for _ in range(self._owners)]
        for state in new:
            owned[owner_of(state, self._owners)].append(state)
        mine, owned[self._owner] = owned[self._owner], []
        self.visited.known |= new  # a state is sent once, as long as it is remembered
        self.visited.add(mine)
        self.visited.make_room()
        return owned

    def take(self, states: Sequence[int]) -> None:
        """States that another found, and this one owns."""
        self.visited.add(set(states) - self.visited.known)
        self.visited.make_room()

    def finish(self) -> LayerReport:
        """End the layer, and begin the next one."""
        layer = self.visited.finish()
        self._frontier, self.left = layer.records(), len(layer)
        found = self._expanded, self._orbits, self._suspects, self._sources
        self._expanded = self._orbits = 0
        self._suspects, self._sources = set(), set()
        return LayerReport(layer, *found, self._system.kinds(), self._system.met())
