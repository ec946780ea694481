"""Breadth-first search of a transition system: every reachable state once, layer by layer, every property on each.

States are integers, kept once. The layers are kept instead of parents: each state of a layer was found from the layer before it, so a
shortest run is reconstructed backwards when it is needed. With a symmetry only one state of each orbit is kept.

It refuses to know what a state means, to read a clock, and to say "holds" when it was stopped, when a bound was hit, or when an
expected kind of transition or `sometimes` property was not met.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from subwarden.model.properties import Property
from subwarden.proving.transition_system import Symmetry, Transition, TransitionSystem

ENOUGH = 1000  # broken states that are examined in words; they are of few kinds
CHUNK = 1024  # states expanded between two looks at the bounds and at Ctrl-C: a fraction of a second, beside which the looks are nothing


class SearchVerdict(Enum):
    """The closed set of a proof's verdicts."""

    HOLDS = "holds"
    VIOLATED = "violated"
    INCONCLUSIVE = "inconclusive"


class Progress(NamedTuple):
    """The progress of a search."""

    depth: int  # steps from the initial state to the layer being expanded
    stored: int  # states kept: all of them, or one of each orbit
    left: int  # of this layer, not expanded yet
    next_layer: int


class RunStep(NamedTuple):
    """One step of a run, in words: the action, its kind, its answer, the state afterwards."""

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
    """The result of a search. `layers[d]` holds the states (or representatives) first met after d steps."""

    layers: list[list[int]]
    orbits: list[int] | None  # with a symmetry: the sizes of the orbits, by layer, summed
    stopped: str | None  # the reason why it ended early; None: it saw every reachable state
    kinds: Counter[str]
    expected_kinds: Sequence[str]
    met: dict[str, bool]
    counter_examples: list[CounterExample] = field(default_factory=list)
    expanded: int = 0  # states of which every step was taken

    @property
    def stored(self) -> int:
        """States kept."""
        return sum(map(len, self.layers))

    @property
    def distinct(self) -> int:
        """Distinct states: those kept, or with a symmetry the sum of the orbits' sizes."""
        return self.stored if self.orbits is None else sum(self.orbits)

    @property
    def transitions(self) -> int:
        """Steps taken, those that change nothing included."""
        return sum(self.kinds.values())

    @property
    def depth(self) -> int:
        """Steps to the state farthest from the initial one."""
        return len(self.layers) - 1

    @property
    def never_enabled(self) -> list[str]:
        """Kinds of transition that are possible in the scope and that no state enabled."""
        return [kind for kind in self.expected_kinds if not self.kinds[kind]]

    @property
    def never_met(self) -> list[str]:
        """The `sometimes` properties that were never met."""
        return [name for name, met in self.met.items() if not met]

    @property
    def verdict(self) -> SearchVerdict:
        """A counterexample violates. "Holds" needs a complete search, every expected kind and every `sometimes` property."""
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

    In: `symmetry` keeps one state of each orbit; `max_states` bounds the states kept, and so memory (the last chunk may exceed it);
    `progress` is called between chunks and stops the search by returning False.
    Out: the search, with a shortest counterexample for each property that breaks at the least depth.
    """
    initial = system.initial if symmetry is None else symmetry.canonical(system.initial)
    weights = None if symmetry is None else [symmetry.orbit_size(initial)]  # of the last layer
    found = StateGraphSearch([[initial]], None if weights is None else [sum(weights)], None, Counter(), system.expected_kinds(), {})
    seen = {initial}
    suspects, sources = system.suspicious(seen), set[int]()  # states that break a property, sources of steps that break one
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
    """The new successors of `chunk`, which are added to `seen`."""
    new = system.expand(chunk, weights, seen)
    if symmetry is not None:  # only now: a state that is in `seen` is its own representative
        new = set(map(symmetry.canonical, new)) - seen
    seen |= new
    return new


def _counter_examples(
    system: TransitionSystem, symmetry: Symmetry | None, found: StateGraphSearch, bad: set[int]
) -> Iterator[CounterExample]:
    """A shortest run for each property that is broken at the depth where the search ended; of several states, to the smallest."""
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
    """Name the violation at the end of the run in the run's own names: with a symmetry they are not the representative's."""
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
    """A shortest run to `state`, which was first met after `depth` steps.

    Out: the run in words, and the state at its end: `state` or, with a symmetry, a member of its orbit.
    """
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
    """The answer as reports print it."""
    if isinstance(answer, Enum):
        return str(answer.value)
    return "nothing" if answer is None else str(list(answer) if isinstance(answer, tuple) else answer)
