"""Level server as a transition system: its model within a scope; see `proving.transition_system` for the contract.

What a state's integer means is in `proving.server.encoding`. It refuses to know the effect of a step (`proving.server.steps`) and the
properties (`proving.server.properties`).
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from functools import partial
from itertools import compress

from subwarden.model.server.state import ServerState
from subwarden.proving.decision_tree import DecisionTree, Table
from subwarden.proving.recorded import Reader
from subwarden.proving.server.cached_steps import CachedSteps
from subwarden.proving.server.describe import action_in_words, configuration_in_words, kind_of
from subwarden.proving.server.encoding import ServerEncoding
from subwarden.proving.server.families import steps
from subwarden.proving.server.kinds import expected
from subwarden.proving.server.properties import SOMETIMES, STATE_PROPERTIES, STEP_PROPERTIES
from subwarden.proving.server.scope import ServerScope
from subwarden.proving.server.steps import Answers, RequestMoved, RequestRules, ServerConfiguration
from subwarden.proving.server.views import Views
from subwarden.proving.transition_system import BrokenProperty, Transition

CHUNK = 16_384  # a fraction of a second, when most steps are known; many states at a time share their look-ups


class ServerSystem:
    """The server's model within a scope. `rules` may have a defect."""

    def __init__(self, scope: ServerScope, rules: RequestRules | None = None) -> None:
        self.scope = scope
        self.rules = RequestRules() if rules is None else rules
        self.encoding = ServerEncoding(scope)
        views = Views(self.encoding)
        self._broken = Table(DecisionTree(partial(_is_broken, views)).find)
        self._unmet = [s for s in SOMETIMES if s.possible(scope)]
        self._met = {s.name: False for s in self._unmet}
        self._steps = CachedSteps(self.encoding, self.rules, self._look_for_unmet)
        self.initial = self.encoding.encode(ServerConfiguration(ServerState()))
        self.width = self.encoding.width
        self.chunk = CHUNK
        self.configuration = self.encoding.decode

    def successors(self, state: int) -> Iterator[tuple[RequestMoved, int]]:
        """Every step from `state`, with the state that it leads to."""
        for moved in steps(self.configuration(state), self.scope, self.rules):
            yield moved, self.encoding.encode(moved.configuration)

    # --- the contract

    def expand(self, states: Sequence[int], weights: Sequence[int] | None = None, known: AbstractSet[int] = frozenset()) -> set[int]:
        """See `TransitionSystem`. Properties of steps are judged on the way, and `sometimes` properties looked for."""
        by_weight: dict[int, Sequence[int]] = {1: states} if weights is None else _grouped(states, weights)
        watched = bool(self._unmet)
        found = self._steps.successors(by_weight)
        if watched and not self._unmet:
            self._steps.forget_watched()
        return found - known  # the sets of a search are sets; for others, `-` is slower

    def _look_for_unmet(self, before: ServerConfiguration, moved: RequestMoved) -> None:
        for sometimes in [s for s in self._unmet if s.met(before, moved)]:
            self._met[sometimes.name] = True
            self._unmet.remove(sometimes)

    def kinds(self) -> Counter[str]:
        """See `TransitionSystem`."""
        return self._steps.kinds()

    def expected_kinds(self) -> Sequence[str]:
        """See `TransitionSystem`."""
        return expected(self.scope)

    def suspicious(self, states: Iterable[int]) -> set[int]:
        """See `TransitionSystem`."""
        states = list(states)
        return set(compress(states, self._broken.of(states)))

    def sources_of_bad_steps(self, states: Iterable[int]) -> set[int]:
        """See `TransitionSystem`."""
        return self._steps.bad_sources.intersection(states) if self._steps.bad_sources else set()

    def broken(self, state: int) -> list[BrokenProperty]:
        """See `TransitionSystem`."""
        configuration = self.configuration(state)
        found = [BrokenProperty(p.property, what) for p in STATE_PROPERTIES if (what := p.broken(configuration)) is not None]
        for moved in steps(configuration, self.scope, self.rules):
            for p in STEP_PROPERTIES:
                what = p.broken(configuration, moved)
                if what is not None:
                    found.append(BrokenProperty(p.property, what, moved.action))
        return found

    def edges(self, state: int) -> list[Transition]:
        """See `TransitionSystem`."""
        configuration = self.configuration(state)
        return [
            Transition(m.action, number, kind_of(configuration, m.action), m.action.reply if isinstance(m.action, Answers) else None)
            for m, number in self.successors(state)
        ]

    def watch(self, states: Sequence[int]) -> None:
        """See `TransitionSystem`: `expand` has looked already, at every step of the states."""

    def met(self) -> dict[str, bool]:
        """See `TransitionSystem`."""
        return dict(self._met)

    def show(self, state: int) -> str:
        """See `TransitionSystem`."""
        return configuration_in_words(self.configuration(state))

    def show_action(self, action: Hashable) -> str:
        """See `TransitionSystem`."""
        return action_in_words(action)


def _grouped(states: Sequence[int], weights: Sequence[int]) -> dict[int, Sequence[int]]:
    """The states by their weights."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for state, weight in zip(states, weights, strict=True):
        found[weight].append(state)
    return dict(found)


def _is_broken(views: Views, reader: Reader) -> bool:
    with closing(views.view(reader)) as view:
        return any(p.broken(view.configuration) is not None for p in STATE_PROPERTIES)
