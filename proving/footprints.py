"""The fast transition function: `model.manager.step`, asked once for every different thing it can look at, and remembered.

An operation looks at few facts (its footprint) and changes only those. So what it does to a state is what it does to that part of the
state; the parts that occur are few, and everything per state is left to masks, dictionaries and sets. Nothing of the model is written
a second time. That the footprints are large enough is not believed but tested: over every reachable state and action of small scopes,
and checked for every part (a change outside the footprint raises).

It refuses to know what an action means.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, TypeVar

V = TypeVar("V")


class Effect(NamedTuple):
    """What one action does to one part of a state: the bits that flip, of what kind it was, whether it broke a property of steps."""

    flips: int
    kind: str
    bad: bool


Known = AbstractSet[int]
Judge = Callable[[int, Sequence[Hashable]], list[Effect]]  # the part, the actions -> the effects of those that are enabled


class Leaf:
    """Actions with one footprint, and what they do to each part met so far."""

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
        """Add to `found` what the actions make of `states` and is not `known`."""
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
        # nearly everything a state leads to is known already, so that is asked first, before anything is kept
        found.update([to for state, part in zip(states, parts, strict=True) for flip in flips[part] if (to := state ^ flip) not in known])

    def kinds(self) -> Counter[str]:
        """Transitions by kind, of all states spread so far."""
        counted: Counter[str] = Counter()
        for part, times in self.met.items():
            for kind in self._kinds[part]:
                counted[kind] += times
        return counted

    def leaves(self) -> Iterator["Leaf"]:
        yield self


class Branch:
    """Actions whose footprint depends on something: states are first sorted by what is under `mask`."""

    def __init__(self, mask: int, grow: Callable[[int], Sequence["Node"]]) -> None:
        self.mask = mask
        self.children: dict[int, Sequence[Node]] = _Table(grow)

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


class _Table(dict[int, V]):
    """A dictionary that works a missing value out. Its lookups stay in C."""

    def __init__(self, work_out: Callable[[int], V]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, key: int) -> V:
        value = self[key] = self._work_out(key)
        return value


def spread(nodes: Iterable[Node], states: Sequence[int], weights: Sequence[int] | None = None, known: Known = frozenset()) -> set[int]:
    """All that `states` lead to by the nodes' actions and is not `known`; a step that changes nothing leads nowhere."""
    found: set[int] = set()
    for node in nodes:
        node.spread(states, weights, known, found)
    return found
