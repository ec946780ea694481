"""Breadth-first search of everything a transition system can do: every state once, layer by layer, every property on each.

States are integers, kept once. No parents are kept: the layers are, and a state of one layer was found from the layer before it, so a
shortest run to it is found again going backwards, once, when it is wanted. With a symmetry only one state of each orbit is kept.

It refuses to know what a state means, to read a clock, and to say "holds" when it was stopped, when a bound was hit, or when
something that it ought to have met was not.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from subwarden.model.properties import Property
from subwarden.proving.transition_system import Symmetry, Transition, TransitionSystem

ENOUGH = 1000  # broken states looked at in words; they are of few kinds
CHUNK = 4096  # states expanded between two looks at the bounds; large enough that what is done once a chunk costs nothing


class SearchVerdict(Enum):
    """All that a proof can say."""

    HOLDS = "holds"
    VIOLATED = "violated"
    INCONCLUSIVE = "inconclusive"


class Progress(NamedTuple):
    """How far a search has got."""

    depth: int  # steps from the initial state to the layer being expanded
    stored: int  # states kept: all of them, or one of each orbit
    left: int  # of this layer, not expanded yet
    next_layer: int


class RunStep(NamedTuple):
    """One step of a run, in words: what happened, what it was answered, what is so afterwards."""

    action: str
    kind: str
    answer: str
    state: str


class CounterExample(NamedTuple):
    """A shortest run to where `property` is broken."""

    property: Property
    what: str
    run: tuple[RunStep, ...]


@dataclass
class StateGraphSearch:
    """What was found. `layers[d]` holds the states (or orbits) first met after d steps."""

    layers: list[list[int]]
    orbits: list[int] | None  # with a symmetry: the sizes of the orbits, by layer, summed
    stopped: str | None  # why it ended before everything was seen; None: it did not
    kinds: Counter[str]
    expected_kinds: Sequence[str]
    met: dict[str, bool]
    counter_examples: list[CounterExample] = field(default_factory=list)
    expanded: int = 0  # states whose every step was taken

    @property
    def stored(self) -> int:
        """States kept."""
        return sum(map(len, self.layers))

    @property
    def distinct(self) -> int:
        """Distinct states, whether each was kept or is only known by its orbit."""
        return self.stored if self.orbits is None else sum(self.orbits)

    @property
    def transitions(self) -> int:
        """Steps taken, those that change nothing included."""
        return sum(self.kinds.values())

    @property
    def depth(self) -> int:
        """Steps to the state that takes most."""
        return len(self.layers) - 1

    @property
    def never_enabled(self) -> list[str]:
        """Kinds of transition that the scope ought to meet and that no state enabled."""
        return [kind for kind in self.expected_kinds if not self.kinds[kind]]

    @property
    def never_met(self) -> list[str]:
        """`sometimes` properties that were never met."""
        return [name for name, met in self.met.items() if not met]

    @property
    def verdict(self) -> SearchVerdict:
        """Violated is final; holds needs everything to have been seen and nothing expected to be missing."""
        if self.counter_examples:
            return SearchVerdict.VIOLATED
        if self.stopped is not None or self.never_enabled or self.never_met:
            return SearchVerdict.INCONCLUSIVE
        return SearchVerdict.HOLDS

    def states(self) -> Iterator[int]:
        """Every state kept, nearest first."""
        for layer in self.layers:
            yield from layer


def search(
    system: TransitionSystem,
    symmetry: Symmetry | None = None,
    max_states: int | None = None,
    progress: Callable[[Progress], bool] | None = None,
) -> StateGraphSearch:
    """Search `system` until it has no new state, a property breaks, or a bound is hit.

    In: `symmetry` keeps one state an orbit; `max_states` bounds what is kept, and so memory, to within what one chunk of states adds;
    `progress` is called between chunks and stops the search by returning False.
    Out: the search, with a shortest counter-example for each property that breaks soonest.
    """
    initial = system.initial if symmetry is None else symmetry.canonical(system.initial)
    weights = None if symmetry is None else [symmetry.orbit_size(initial)]  # of the last layer
    found = StateGraphSearch([[initial]], None if weights is None else [sum(weights)], None, Counter(), system.expected_kinds(), {})
    seen = {initial}
    suspects, sources = system.suspicious(seen), set[int]()  # states that are broken, states from which a step is
    while found.stopped is None and not suspects and not sources:
        layer, following = found.layers[-1], list[int]()
        for start in range(0, len(layer), CHUNK):
            found.stopped = _reason_to_stop(found, len(seen), len(layer) - start, len(following), max_states, progress)
            if found.stopped is not None:
                break
            chunk = layer[start : start + CHUNK]
            new = _expand(system, symmetry, chunk, None if weights is None else weights[start : start + CHUNK], seen)
            following += new
            suspects |= system.suspicious(new)
            sources |= system.sources_of_bad_steps(chunk)
            system.watch(chunk)
            found.expanded += len(chunk)
        if not following:
            break
        found.layers.append(following)
        if found.orbits is not None and symmetry is not None:
            weights = [symmetry.orbit_size(state) for state in following]
            found.orbits.append(sum(weights))
    found.kinds, found.met = system.kinds(), system.met()
    found.counter_examples = list(_counter_examples(system, symmetry, found, sources | suspects))
    return found


def _reason_to_stop(
    found: StateGraphSearch, stored: int, left: int, next_layer: int, max_states: int | None, progress: Callable[[Progress], bool] | None
) -> str | None:
    if max_states is not None and stored >= max_states:
        return f"the bound of {max_states} states was hit"
    if progress is not None and not progress(Progress(found.depth, stored, left, next_layer)):
        return "it was interrupted"
    return None


def _expand(
    system: TransitionSystem, symmetry: Symmetry | None, chunk: Sequence[int], weights: Sequence[int] | None, seen: set[int]
) -> set[int]:
    """What `chunk` leads to and was not seen before; now it has been."""
    new = system.expand(chunk, weights, seen)
    if symmetry is not None:  # of what is left: a state that was kept is its own representative
        new = set(map(symmetry.canonical, new)) - seen
    seen |= new
    return new


def _counter_examples(
    system: TransitionSystem, symmetry: Symmetry | None, found: StateGraphSearch, bad: set[int]
) -> Iterator[CounterExample]:
    """A shortest run to each property that is broken at the depth where the search ended, from the smallest states it is broken in."""
    if not bad:
        return
    shortest: dict[Property, tuple[int, int]] = {}  # the length of the run, and the state it leads to or takes its last step from
    for depth in (len(found.layers) - 2, len(found.layers) - 1):
        for state in sorted(bad & set(found.layers[depth] if depth >= 0 else ()))[:ENOUGH]:
            for b in system.broken(state):
                length = depth + (b.action is not None)
                if length <= len(found.layers) - 1 or not shortest:
                    shortest.setdefault(b.property, (depth, state))
    for prop, (depth, state) in sorted(shortest.items(), key=lambda found: list(Property).index(found[0])):
        yield from _finish(system, run_to(system, symmetry, found, state, depth), prop)


def _finish(system: TransitionSystem, run: tuple[list[RunStep], int], prop: Property) -> Iterator[CounterExample]:
    """Name what is broken at the end of the run as told (with a symmetry, its names are not those of the orbit's representative)."""
    told, end = run
    broken = [b for b in system.broken(end) if b.property is prop]
    for b in sorted(broken, key=lambda b: b.action is not None)[:1]:
        if b.action is not None:
            edge = next(e for e in system.edges(end) if e.action == b.action)
            told = [*told, _step(system, edge)]
        yield CounterExample(prop, b.what, tuple(told))


def run_to(
    system: TransitionSystem, symmetry: Symmetry | None, found: StateGraphSearch, state: int, depth: int
) -> tuple[list[RunStep], int]:
    """A shortest run to `state`, which was first met after `depth` steps, in words; and the state at its end, which is `state` or,
    with a symmetry, of its orbit."""
    run = [state]
    for layer in reversed(found.layers[:depth]):
        run.append(next(s for s in layer if run[-1] in _successors(system, symmetry, s)))
    at, steps = system.initial, list[RunStep]()
    for wanted in run[-2::-1]:
        edge = next(e for e in system.edges(at) if (e.target if symmetry is None else symmetry.canonical(e.target)) == wanted)
        steps.append(_step(system, edge))
        at = edge.target
    return steps, at


def _successors(system: TransitionSystem, symmetry: Symmetry | None, state: int) -> Iterable[int]:
    reached = system.expand([state])
    return reached if symmetry is None else map(symmetry.canonical, reached)


def _step(system: TransitionSystem, edge: Transition) -> RunStep:
    return RunStep(system.show_action(edge.action), edge.kind, answer_in_words(edge.answer), system.show(edge.target))


def answer_in_words(answer: object) -> str:
    """An answer as reports print it."""
    if isinstance(answer, Enum):
        return str(answer.value)
    return "nothing" if answer is None else str(list(answer) if isinstance(answer, tuple) else answer)
