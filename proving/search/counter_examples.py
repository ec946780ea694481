"""Counterexamples: a shortest run to a state, reconstructed backwards through the layers of a search."""

from collections.abc import Iterable, Iterator
from enum import Enum

from subwarden.model.properties import Property
from subwarden.proving.search.result import CounterExample, RunStep, StateGraphSearch
from subwarden.proving.transition_system import Symmetry, Transition, TransitionSystem

ENOUGH = 1000  # broken states that are examined in words; they are of few kinds


def counter_examples(
    system: TransitionSystem, symmetry: Symmetry | None, found: StateGraphSearch, bad: set[int]
) -> Iterator[CounterExample]:
    """A shortest run for each property that is broken at the depth where the search ended; of several states, to the smallest."""
    if not bad:
        return
    shortest: dict[Property, tuple[int, int]] = {}  # the length of the run, and the state it leads to or takes its last step from
    for depth in (len(found.layers) - 2, len(found.layers) - 1):
        for state in sorted(state for state in bad if depth >= 0 and state in found.layers[depth])[:ENOUGH]:
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


def run_to_found(system: TransitionSystem, symmetry: Symmetry | None, found: StateGraphSearch, state: int) -> tuple[RunStep, ...]:
    """The same run, in words, to a state that the search has found."""
    depth = next(d for d, layer in enumerate(found.layers) if state in layer)
    run, _ = run_to(system, symmetry, found, state, depth)
    return tuple(run)


def _successors(system: TransitionSystem, symmetry: Symmetry | None, state: int) -> Iterable[int]:
    reached = system.expand([state])
    return reached if symmetry is None else symmetry.representatives(reached)


def _step(system: TransitionSystem, edge: Transition) -> RunStep:
    return RunStep(system.show_action(edge.action), edge.kind, answer_in_words(edge.answer), system.show(edge.target))


def answer_in_words(answer: object) -> str:
    """The answer as reports print it."""
    if isinstance(answer, Enum):
        return str(answer.value)
    return "nothing" if answer is None else str(list(answer) if isinstance(answer, tuple) else answer)
