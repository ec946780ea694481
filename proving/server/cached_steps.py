"""The successors of many states of level server at once: `proving.server.steps`, run once for each part of a state that it reads.

Each family of actions has a decision tree (`proving.decision_tree`); a leaf has the changes that its steps make. Settling the requests in
flight, which every step ends with, is looked up apart, for each request in flight: else a step would read nearly the whole state.

It refuses to know what an action means.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import chain, starmap
from operator import or_
from typing import NamedTuple

from subwarden.proving.decision_tree import DecisionTree, Table
from subwarden.proving.recorded import Reader
from subwarden.proving.server.describe import kind_of
from subwarden.proving.server.encoding import ServerEncoding
from subwarden.proving.server.families import Family, families
from subwarden.proving.server.properties import STEP_PROPERTIES
from subwarden.proving.server.steps import Action, RequestMoved, RequestRules, ServerConfiguration, steps_of
from subwarden.proving.server.views import Change, Settled, View, Views

Watch = Callable[[ServerConfiguration, RequestMoved], None]


class Outcome(NamedTuple):
    """The steps from the states of a leaf."""

    changes: tuple[list[int], ...] = ()  # for each step the list of the states that take it in the present search
    kinds: tuple[str, ...] = ()
    bad: bool = False  # one of them breaks a property
    apart: "tuple[DecisionTree[Outcome], ...]" = ()  # more steps


class CachedSteps:
    """See above. `watch` is told of each step that is taken for the first time."""

    def __init__(self, encoding: ServerEncoding, rules: RequestRules, watch: Watch) -> None:
        self._scope, self._rules, self._watch, self._views = encoding.scope, rules, watch, Views(encoding)
        self._width = self._views.flight[0][0].width
        self._takers: dict[Change, list[int]] = {}
        self._settling: dict[tuple[Settled, int, int], Table[int]] = {}  # for a place in flight and the request there, the bits to add
        self._met: dict[tuple[str, ...], int] = {}  # kinds of the steps from a leaf: how often
        self.bad_sources: set[int] = set()
        self._trees = [DecisionTree(partial(self._of_family, family)) for family in families(self._scope)]
        self._by_action: dict[Action, DecisionTree[Outcome]] = {}

    def forget_watched(self) -> None:
        """Tell states apart no more by what only `watch` has looked at."""
        for tree in (*self._trees, *self._by_action.values()):
            tree.forget_watched()

    def kinds(self) -> Counter[str]:
        """The steps counted so far, by kind."""
        found: Counter[str] = Counter()
        for kinds, times in self._met.items():
            for kind in kinds:
                found[kind] += times
        return found

    def successors(self, by_weight: Mapping[int, Sequence[int]]) -> set[int]:
        """The states that the steps lead to; a step of each state counts as often as the states' weight says."""
        for weight, states in by_weight.items():
            for tree in self._trees:
                self._sort(tree, states, weight)
        unsettled: defaultdict[Settled | None, set[int]] = defaultdict(set)
        for change, takers in self._takers.items():
            if takers:
                unsettled[change.settled].update(self._make(change, takers))
                takers.clear()
        found: set[int] = set()
        for settled, after in unsettled.items():
            found.update(after if settled is None else self._settle_all(settled, after))
        return found

    def _sort(self, tree: DecisionTree[Outcome], states: Sequence[int], weight: int) -> None:
        met = self._met
        for (changes, kinds, bad, apart), some in tree.sort(states):
            if changes:
                met[kinds] = met.get(kinds, 0) + weight * len(some)
                for takers in changes:
                    takers.extend(some)
                if bad:
                    self.bad_sources.update(some)
            for more in apart:
                self._sort(more, some, weight)

    def _make(self, change: Change, states: Sequence[int]) -> list[int]:
        keep, moved, new, _ = change
        if not moved:
            return [state & keep | new for state in states]
        width = self._width
        return [state & keep | (state & moved) >> width | new for state in states]

    def _settle_all(self, settled: Settled, states: Iterable[int]) -> Iterator[int]:
        """The states when they are settled. Several steps lead to most of them, so they are settled once, after all steps."""
        asked: defaultdict[int, list[int]] = defaultdict(list)  # by the requests in flight, which say what to look at
        requests = self._views.requests
        for state in states:
            asked[state & requests].append(state)
        return chain.from_iterable(starmap(partial(self._settle_same, settled), asked.items()))

    def _settle_same(self, settled: Settled, requests: int, states: Sequence[int]) -> Iterable[int]:
        found: Iterable[int] = states
        for added in [table.of(states) for table in self._tables(settled, requests)]:
            found = map(or_, found, added)
        return found

    # --- asking the model

    def _of_family(self, family: Family, reader: Reader) -> Outcome:
        with closing(self._views.view(reader)) as view:
            actions = family.actions(view.configuration)
            return Outcome(apart=tuple(map(self._tree, actions))) if family.apart else self._outcome(view, actions)

    def _tree(self, action: Action) -> DecisionTree[Outcome]:
        if action not in self._by_action:
            self._by_action[action] = DecisionTree(partial(self._of_action, action))
        return self._by_action[action]

    def _of_action(self, action: Action, reader: Reader) -> Outcome:
        with closing(self._views.view(reader)) as view:
            return self._outcome(view, (action,))

    def _outcome(self, view: View, actions: Iterable[Action]) -> Outcome:
        before, bad = view.configuration, False
        moves = [moved for action in actions for moved in steps_of(before, action, self._rules)]
        changes = tuple([self._takers.setdefault(view.change(moved.configuration), []) for moved in moves])
        kinds = tuple([kind_of(before, moved.action) for moved in moves])
        for moved in moves:
            bad |= any(p.broken(before, moved) is not None for p in STEP_PROPERTIES)
        view.reader.watch()
        for moved in moves:
            self._watch(before, moved)
        return Outcome(changes, kinds, bad)

    def _tables(self, settled: Settled, requests: int) -> list[Table[int]]:
        """What settling adds, for each of these requests in flight."""
        found = []
        for place, (_, start) in enumerate(self._views.flight):
            request = requests >> start & (1 << self._width) - 1
            key = settled, place, request
            if request and key not in self._settling:
                self._settling[key] = Table(DecisionTree(partial(self._settle, settled, place)).find)
            if request:
                found.append(self._settling[key])
        return found

    def _settle(self, settled: Settled, place: int, reader: Reader) -> int:
        with closing(self._views.view(reader)) as view:
            return view.settling(settled, place)
