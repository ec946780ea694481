"""A complete search of a scenario's states, as far as one is possible: it gives out portions, and is told their outcomes."""

from subwarden.scheduling.state_search.layers import Layers
from subwarden.stateful_tests.explore.searching.portions import Done, Expansions
from subwarden.stateful_tests.subjects.scenario.play import Rules

PLACES, MOST_PLACES = 64, 512  # states that are expanded in a portion: some hundred runs, or where there are many states some more


class Proof:
    """The search for one set of rules. `complete`: every state was seen, and every run ends; `impossible`: why that cannot be said."""

    def __init__(self, rules: Rules) -> None:
        self.complete = False
        self.impossible: str | None = None
        self.interleavings: int | None = None  # once it is complete
        self._rules = rules
        self._births = False
        self._begin()

    def _begin(self) -> None:
        self._layers = Layers()
        self._open = 0  # states of this layer that are given out

    @property
    def over(self) -> bool:
        """Whether nothing is left to give out."""
        return self.complete or self.impossible is not None

    @property
    def states(self) -> int:
        """How many were seen."""
        return self._layers.states

    def ahead(self) -> list[Expansions]:
        """The portions of the present layer."""
        places = self._layers.places
        self._open = len(places)
        each = max(PLACES, min(MOST_PLACES, len(places) // PLACES))
        return [Expansions(self._rules, tuple(places[at : at + each]), self._births) for at in range(0, len(places), each)]

    def done(self, portion: Expansions, done: Done) -> None:
        """A portion has this outcome."""
        if self.over or portion.births != self._births:
            return
        if done.needs_births:  # states were called equal that are not: start again
            self._births = True
            self._begin()
            return
        if not done.complete:
            self.impossible = done.indigestible or "it was cut off"
            return
        for place, found in zip(portion.places, done.found, strict=True):
            self._layers.expanded(place, found)
        self._open -= len(portion.places)
        if self._open or self._layers.go_on():
            return
        self.interleavings = self._layers.schedules()
        self.complete = self.interleavings is not None
        if not self.complete:
            self.impossible = "a run can come back to a state"
