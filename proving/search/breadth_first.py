"""Breadth-first search of a transition system: every reachable state once, layer by layer, every property on each.

States are integers, kept once. The layers are kept instead of parents: each state of a layer was found from the layer before it, so a
shortest run is reconstructed backwards when it is needed. With a symmetry only one state of each orbit is kept.

It refuses to know what a state means, and to read a clock.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from subwarden.proving.search.counter_examples import counter_examples
from subwarden.proving.search.result import Progress, StateGraphSearch
from subwarden.proving.transition_system import Symmetry, TransitionSystem

CHUNK = 1024  # states expanded between two looks at the bounds and at Ctrl-C: a fraction of a second, beside which the looks are nothing


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
    found.counter_examples = list(counter_examples(system, symmetry, found, sources | suspects))
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
