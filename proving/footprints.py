"""The fast transition function: `model.manager.step`, computed once for each footprint content and then looked up.

An operation reads and changes only a few facts of the state (its footprint). So its effect on a state is its effect on that part of the
state. Few different parts occur, and the work per state is done by masks, dictionaries and sets. No rule of the model is written a second
time. Tests check that the footprints are large enough, over every reachable state and action of small scopes; and every computed effect
is checked (a change outside the footprint raises).

It refuses to know what an action means.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from subwarden.proving.look_up import LookUp


class Effect(NamedTuple):
    """The effect of one action on one part of a state: the bits that flip, the kind of transition, whether it broke a step property."""

    flips: int
    kind: str
    bad: bool


Known = AbstractSet[int]
Judge = Callable[[int, Sequence[Hashable]], list[Effect]]  # the part, the actions -> the effects of those that are enabled


class Leaf:
    """Actions with one footprint, and a memo of their effects on each part met so far."""

    def __init__(self, mask: int, actions: Sequence[Hashable], judge: Judge) -> None:
        self.mask = mask
        self.actions = tuple(actions)
        self.judge = judge
        self._flips: dict[int, tuple[int, ...]] = {}
        self.met: Counter[int] = Counter()
        self.bad: set[int] = set()  # parts from which a step breaks a property
        self._kinds: dict[int, tuple[str, ...]] = {}

    def _look(self, part: int) -> tuple[int, ...]:
        effects = self.judge(part, self.actions)
        for effect in effects:
            if effect.flips & ~self.mask:
                raise AssertionError(f"{self.actions}: an effect outside the declared footprint; this is a fault of the search")
            if effect.bad:
                self.bad.add(part)
        self._kinds[part] = tuple(effect.kind for effect in effects)
        return tuple(dict.fromkeys(effect.flips for effect in effects if effect.flips))

    def spread(self, states: Sequence[int], weights: Sequence[int] | None, known: Known, found: set[int]) -> None:
        """Add to `found` the successors of `states` by these actions that are not in `known`."""
        mask, flips, met = self.mask, self._flips, self.met
        parts = [state & mask for state in states]
        if weights is None:
            times = Counter(parts)
        else:
            times = Counter()
            for part, weight in zip(parts, weights, strict=True):
                times[part] += weight
        for part, count in times.items():
            if part not in flips:
                flips[part] = self._look(part)
            met[part] += count
        # nearly all successors are known already, so they are filtered before anything is kept
        found.update([to for state, part in zip(states, parts, strict=True) for flip in flips[part] if (to := state ^ flip) not in known])

    def kinds(self) -> Counter[str]:
        """Count the transitions by kind, over all states spread so far."""
        counted: Counter[str] = Counter()
        for part, times in self.met.items():
            for kind in self._kinds[part]:
                counted[kind] += times
        return counted

    def leaves(self) -> Iterator["Leaf"]:
        yield self


class Branch:
    """Actions whose footprint depends on the state: states are first sorted by their bits under `mask`."""

    def __init__(self, mask: int, grow: Callable[[int], Sequence["Node"]]) -> None:
        self.mask = mask
        self.children: dict[int, Sequence[Node]] = LookUp(grow)

    def spread(self, states: Sequence[int], weights: Sequence[int] | None, known: Known, found: set[int]) -> None:
        """As for a leaf."""
        mask = self.mask
        sorted_states: defaultdict[int, list[int]] = defaultdict(list)
        for state in states:
            sorted_states[state & mask].append(state)
        if weights is None:
            for part, some in sorted_states.items():
                for child in self.children[part]:
                    child.spread(some, None, known, found)
            return
        sorted_weights: defaultdict[int, list[int]] = defaultdict(list)
        for state, weight in zip(states, weights, strict=True):
            sorted_weights[state & mask].append(weight)
        for part, some in sorted_states.items():
            for child in self.children[part]:
                child.spread(some, sorted_weights[part], known, found)

    def leaves(self) -> Iterator[Leaf]:
        for children in self.children.values():
            for child in children:
                yield from child.leaves()


Node = Leaf | Branch


def spread(nodes: Iterable[Node], states: Sequence[int], weights: Sequence[int] | None = None, known: Known = frozenset()) -> set[int]:
    """The successors of `states` by the nodes' actions that are not in `known`; a step that changes nothing has no successor.

    `weights`: how many times each state counts in the nodes' statistics (once if None).
    """
    found: set[int] = set()
    for node in nodes:
        node.spread(states, weights, known, found)
    return found
