"""Breadth-first search of a transition system: every reachable state once, layer by layer, every property on each.

States are integers, kept once. The layers are kept instead of parents: each state of a layer was found from the layer before it, so a
shortest run is reconstructed backwards when it is needed. With a symmetry only one state of each orbit is kept. `Means` say how much
memory the states may take, how many processes share the work, and in which folder the states are kept; nothing that is found depends on
that, as each layer is a sorted set.

It refuses to know what a state means, and to read a clock.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from itertools import count

from subwarden.proving.search.counter_examples import counter_examples
from subwarden.proving.search.crew import Alone, Crew, Means, Recipe, Tick, uncollected
from subwarden.proving.search.folder import Explored
from subwarden.proving.search.partition import LayerReport
from subwarden.proving.search.result import LivenessInterrupted, Progress, StateGraphSearch
from subwarden.proving.search.workers import Workers
from subwarden.proving.transition_system import Symmetry, TransitionSystem

ALONE = Means()
LOOKS = 1024  # states for which liveness asks between two looks at Ctrl-C


def search(
    system: TransitionSystem,
    symmetry: Symmetry | None = None,
    max_states: int | None = None,
    progress: Callable[[Progress], bool] | None = None,
    means: Means = ALONE,
    recipe: Recipe | None = None,
) -> StateGraphSearch:
    """Search `system` until it has no new state, a property breaks, or a bound is hit.

    In: `symmetry` keeps one state of each orbit; `max_states` bounds the states kept (the last chunks may exceed it); `progress` is called
    between chunks and stops the search by returning False; `recipe` makes system and symmetry in other processes, if `means` has several.
    Out: the search, with a shortest counterexample for each property that breaks at the least depth. Raises CannotKeep, WorkerLost.
    """
    initial = system.initial if symmetry is None else symmetry.canonical(system.initial)
    explored = None if means.folder is None else means.folder.explored(system.width)
    found = StateGraphSearch([], None if symmetry is None else [], None, Counter(), system.expected_kinds(), {})
    crew: Crew = Alone(system, symmetry, means) if recipe is None or means.jobs == 1 else Workers(recipe, means, system.width)
    with closing(crew), uncollected():
        level = _Level(found, crew, means, max_states, progress)
        if explored is None:
            level.end(crew.start(initial))
        else:
            level.resume(explored)
        while not level.over:
            level.expand()
    found.held = crew.held
    found.counter_examples = list(counter_examples(system, symmetry, found, level.bad))
    return found


def while_liveness(found: StateGraphSearch, progress: Callable[[Progress], bool] | None) -> Callable[[], None]:
    """Called for each state whose successors liveness asks for: it tells `progress` from time to time. Raises LivenessInterrupted."""
    asked = count()
    at = Progress(found.depth, found.stored, 0, 0, found.on_disk, liveness=True)

    def tick() -> None:
        if progress is not None and next(asked) % LOOKS == 0 and not progress(at):
            raise LivenessInterrupted

    return tick


class _Level:
    """Takes a search from one layer to the next."""

    def __init__(
        self,
        found: StateGraphSearch,
        crew: Crew,
        means: Means,
        max_states: int | None,
        progress: Callable[[Progress], bool] | None,
    ) -> None:
        self.over = False
        self.bad: set[int] = set()  # states that break a property, and sources of steps that break one
        self._found, self._crew, self._means, self._max_states, self._progress = found, crew, means, max_states, progress
        self._before: Counter[str] = Counter()  # what earlier sessions counted
        self._met_before: dict[str, bool] = {}

    def resume(self, explored: Explored) -> None:
        """Go on where an earlier search ended."""
        found = self._found
        found.layers += explored.layers
        found.orbits = explored.orbits
        found.expanded, found.kinds, found.met = explored.expanded, explored.kinds, explored.met
        self._before, self._met_before, self.over = explored.kinds, explored.met, explored.whole
        if not self.over:
            self._crew.resume(explored.layers)

    def expand(self) -> None:
        """Expand the last layer."""
        with closing(self._crew.expand()) as ticks:
            for tick in ticks:
                self._found.stopped = self._reason_to_stop(tick)
                if self._found.stopped is not None:
                    break
        self.end(self._crew.finish())

    def end(self, report: LayerReport) -> None:
        """Add what a layer has shown."""
        found = self._found
        found.expanded += report.expanded
        found.kinds = self._before + report.kinds
        found.met = {name: met or self._met_before.get(name, False) for name, met in report.met.items()}
        self.bad |= report.suspects | report.sources
        if report.layer:
            found.layers.append(report.layer)
            if found.orbits is not None:
                found.orbits.append(report.orbits)
        self.over = bool(self.bad) or found.stopped is not None or not report.layer
        if self._means.folder is not None and not self.bad and found.stopped is None:  # a layer with a violation is expanded again
            explored = Explored(found.layers, found.orbits, found.expanded, found.kinds, found.met, whole=not report.layer)
            self._means.folder.finished(explored)

    def _reason_to_stop(self, tick: Tick) -> str | None:
        found, next_layer = self._found, tick.found
        stored = found.stored + next_layer
        if self._max_states is not None and stored >= self._max_states:
            return f"the bound of {self._max_states} states was hit"
        if self._progress is not None and not self._progress(Progress(found.depth, stored, tick.left, next_layer, tick.on_disk)):
            return "it was interrupted"
        return None
