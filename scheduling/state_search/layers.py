"""The search of states in layers, for several processes: who expands which state decides nothing.

Subtrees of schedules meet again in the same states, so processes that each searched a subtree for themselves would search most states
several times. Here one process, the *graph* (`Layers`), knows every state by its digest. It gives out the states that nobody has seen
before, each with the choices that lead to it, and every state is expanded exactly once: one run for each choice there (`Expand`), which
ends at the next choice. As TLC's workers share one set of states (Yu, Manolios, Lamport: Model Checking TLA+ Specifications, CHARME 1999).
States of the next layer are given out while this one is still expanded, in an order that depends on the states alone.

Against the search by depth (`scheduling.state_search.search`) a run makes one step beyond what is known, not many, so there are more runs;
digests, which cost most, are as many. The guarantees are the same, and so are the counts: of states, of runs that come to an end, and the
exact number of schedules.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.state_search.digest import Digest
from subwarden.scheduling.state_search.portable import PortableNumbers
from subwarden.scheduling.state_search.search import DIFFERS, OUTLIVES
from subwarden.scheduling.state_search.structure import Indigestible
from subwarden.scheduling.state_search.suspended import WatchedTask
from subwarden.scheduling.strategies.strategy import Nondeterministic, Redundant


class State(NamedTuple):
    """A state at a choice among `width` candidates."""

    digest: bytes
    width: int


class Place(NamedTuple):
    """A state, and choices that lead to it. `state` None: the first choice of all runs, of which nothing is known yet."""

    choices: tuple[int, ...]
    state: State | None


class Expand:
    """A strategy: one run for each choice at each of `places`. `found`: for each place, in order, the next state of each run; None: it came
    to an end.

    `indigestible`: why the states cannot be told apart, or not in several processes; `births` is as in `Digest`, and `needs_births` says
    that states were compared without them and must not be. After either there are no more runs.
    """

    name = "state search"
    every_choice = False

    def __init__(self, places: Sequence[Place], shared: Iterable[object] = (), *, births: bool = False) -> None:
        self.found: list[list[State | None]] = []
        self.indigestible: str | None = None
        self.needs_births = False
        self._places = places
        self._shared = shared
        self._births = births
        self._digest: Digest | None = None
        self._checked = False  # whether a state was found again as it was
        self._asked = 0
        self._met: State | None = None

    @property
    def complete(self) -> bool:
        """Whether every run was made."""
        return len(self.found) == len(self._places) and not self._left()

    def _left(self) -> bool:
        """Whether the last place that was begun has runs left."""
        if not self.found:
            return False
        state = self._places[len(self.found) - 1].state
        return len(self.found[-1]) < (1 if state is None else state.width)

    def begin(self, candidates: Candidates) -> Choose | None:
        if self.complete or self.indigestible is not None or self.needs_births:
            return None
        if not isinstance(candidates, LoopCandidates):
            raise TypeError("the search of states can look into a controlled loop only")
        loop = candidates.loop
        digest = self._digest or self._new_digest(candidates)
        loop.task_class = WatchedTask
        if not self._left():
            self.found.append([])
        place, pick = self._places[len(self.found) - 1], len(self.found[-1])
        choices, known = place.choices, place.state
        self._asked, self._met = 0, None

        def choose(n: int) -> int:
            at = self._asked
            self._asked = at + 1
            if at < len(choices):
                if choices[at] >= n:
                    raise Nondeterministic(f"choice {choices[at]} among {n} candidates")
                return choices[at]
            if at == len(choices) and known is not None:
                if n != known.width:
                    raise Nondeterministic(f"{n} candidates, not {known.width}")
                if not self._checked:
                    self._checked = True
                    if self._state(digest, loop) != known.digest:
                        self.indigestible = DIFFERS
                        raise Redundant
                return pick
            self._met = State(self._state(digest, loop), n)
            raise Redundant

        return choose

    def _new_digest(self, candidates: LoopCandidates) -> Digest:
        digest = self._digest = Digest(candidates.order, self._shared)
        digest.numbers = PortableNumbers()
        digest.births = self._births
        return digest

    def _state(self, digest: Digest, loop: ControlledLoop) -> bytes:
        try:
            state = digest.of(loop)
        except Indigestible as told:
            self.indigestible = str(told)
            raise Redundant from None
        if loop.births_matter and not self._births:
            self.needs_births = True
            raise Redundant
        return state

    def end(self, _choices: list[int], _steps: int) -> None:
        if self.indigestible is not None or self.needs_births:
            return
        place = self._places[len(self.found) - 1]
        if self._met is None and self._asked < len(place.choices) + (place.state is not None):
            raise Nondeterministic(f"it ended after {self._asked} choices")
        self.found[-1].append(self._met)
        if self.complete and self._digest is not None and self._digest.tokens.outlived():
            self.indigestible = OUTLIVES


class Layers:
    """The graph of the states, layer by layer: the states that take one choice more than those of the layer before.

    It is told the places in the order in which it gave them out; so two layers are open at most, one that is being expanded and the next.
    """

    def __init__(self) -> None:
        self._waiting: deque[Place] = deque([Place((), None)])  # of the layer that is being expanded: not given out yet
        self._open = 1  # places of that layer that are not expanded yet
        self._next: deque[Place] = deque()  # of the next layer, as far as it is known: not given out yet
        self._found = 0  # places of the next layer, as far as it is known
        self._numbers: dict[bytes, int] = {}  # of states, in the order in which they were found
        self._edges: list[list[int | None]] = []  # of each state that was expanded: the states after each choice; None: an end
        self._root: int | None = None

    @property
    def states(self) -> int:
        """How many different states were seen."""
        return len(self._numbers)

    @property
    def complete(self) -> bool:
        """Whether every state was expanded."""
        return not self._open

    def take(self, number: int) -> list[Place]:
        """The next `number` places to expand, all of one layer: fewer at the end of a layer, and none as long as it may still grow."""
        places = self._waiting or self._next
        if not self._waiting and len(self._next) < number:
            return []
        return [places.popleft() for _ in range(min(number, len(places)))]

    def expanded(self, place: Place, found: Sequence[State | None]) -> None:
        """`place` was expanded, and all that were given out before it."""
        numbers: list[int | None] = []
        for pick, state in enumerate(found):
            if state is None:
                numbers.append(None)
                continue
            number = self._numbers.get(state.digest)
            if number is None:
                number = self._numbers[state.digest] = len(self._numbers)
                self._edges.append([])
                self._next.append(Place(place.choices if place.state is None else (*place.choices, pick), state))
                self._found += 1
            numbers.append(number)
        if place.state is None:
            self._root = numbers[0]
        else:
            self._edges[self._numbers[place.state.digest]] = numbers
        self._open -= 1
        if not self._open:
            self._waiting, self._next = self._next, deque()
            self._open, self._found = self._found, 0

    def schedules(self) -> int | None:
        """The exact number of schedules, once the search is complete; None: a run can come back to a state, so there is none."""
        counted: list[int | None] = [None] * len(self._edges)
        below: set[int] = set()
        waiting = [] if self._root is None else [self._root]
        while waiting:
            state = waiting[-1]
            if counted[state] is not None:
                waiting.pop()
                continue
            after = self._edges[state]
            open_ones = [each for each in after if each is not None and counted[each] is None]
            if not open_ones:
                counted[state] = sum(1 if each is None else counted[each] or 0 for each in after)
                below.discard(state)
                waiting.pop()
            elif state in below:
                return None
            else:
                below.add(state)
                waiting += open_ones
        return 1 if self._root is None else counted[self._root]
