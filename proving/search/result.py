"""The result of a search: every state that it kept, layer by layer, what it counted, and the verdict.

It refuses to say "holds" when the search was stopped, when a bound was hit, or when an expected kind of transition or `sometimes` property
was not met.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from subwarden.model.properties import Property
from subwarden.proving.search.state_file import Layer


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
    on_disk: int  # states in files
    liveness: bool = False  # the search is over, and liveness is checked


class LivenessInterrupted(Exception):
    """The check of liveness was stopped."""


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

    layers: list[Layer]
    orbits: list[int] | None  # with a symmetry: the sizes of the orbits, by layer, summed
    stopped: str | None  # the reason why it ended early; None: it saw every reachable state
    kinds: Counter[str]
    expected_kinds: Sequence[str]
    met: dict[str, bool]
    counter_examples: list[CounterExample] = field(default_factory=list)
    expanded: int = 0  # states of which every step was taken
    held: object = None  # the files of `layers` may go with this

    @property
    def stored(self) -> int:
        """States kept."""
        return sum(map(len, self.layers))

    @property
    def on_disk(self) -> int:
        """States in files."""
        return sum(len(layer) - layer.in_memory for layer in self.layers)

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
