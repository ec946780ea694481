"""A complete search of a scenario's states, as far as one is possible: it gives out portions, and is told their outcomes."""

from collections import deque

from subwarden.scheduling.state_search.layers import Layers
from subwarden.stateful_tests.explore.searching.portions import Done, Expansions
from subwarden.stateful_tests.subjects.scenario.play import Rules

PLACES = 64  # states that are expanded in a portion: some hundred runs


class Proof:
    """The search for one set of rules. `complete`: every state was seen, and every run ends; `impossible`: why that cannot be said.

    Which portions there are depends on the outcomes alone, which it is told in the order of the portions: not on when a portion is taken.
    """

    def __init__(self, rules: Rules) -> None:
        self.complete = False
        self.impossible: str | None = None
        self.interleavings: int | None = None  # once it is complete
        self._rules = rules
        self._births = False
        self._layers = Layers()
        self._most = -1
        self._ready: deque[Expansions] = deque()  # that nobody has taken yet
        self._open = 0  # portions whose outcomes are not known

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return self.complete or self.impossible is not None

    @property
    def resting(self) -> bool:
        """Whether the outcome of every portion is known, so that there are no more as long as it may see no more states."""
        return not self._open

    @property
    def states(self) -> int:
        """How many were seen."""
        return self._layers.states

    def may_see(self, most: int) -> None:
        """Go on until so many states were seen."""
        self._most = most
        self._portion_out()

    def take(self) -> Expansions | None:
        """The next portion; None: there is none before another outcome is known."""
        return self._ready.popleft() if self._ready else None

    def done(self, portion: Expansions, done: Done) -> None:
        """A portion has this outcome."""
        self._open -= 1
        if not self.over and portion.births == self._births:
            self._learn(portion, done)
        if not self.over:
            self._portion_out()

    def _portion_out(self) -> None:
        while self._layers.states <= self._most and (places := self._layers.take(PLACES)):
            self._ready.append(Expansions(self._rules, tuple(places), self._births))
            self._open += 1

    def _learn(self, portion: Expansions, done: Done) -> None:
        if done.needs_births:  # states were called equal that are not: start again
            self._births, self._layers = True, Layers()
            return
        if not done.complete:
            self.impossible = done.indigestible or "it was cut off"
            return
        for place, found in zip(portion.places, done.found, strict=True):
            self._layers.expanded(place, found)
        if self._layers.complete:
            self.interleavings = self._layers.schedules()
            self.complete = self.interleavings is not None
            if not self.complete:
                self.impossible = "a run can come back to a state"
