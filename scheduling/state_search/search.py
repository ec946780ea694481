"""Every state instead of every schedule: a run that comes to a known state is given up, since the search has followed, or will follow, all
runs from there.

Stateful search as in SPIN (Holzmann: The Model Checker SPIN, IEEE TSE 1997), depth first, in either order and with faults. asyncio cannot
be set back to a state, so each run starts anew and is led to the state by its choices (as in VeriSoft: Godefroid, POPL 1997, which keeps
no states for lack of a digest). A state is known by its digest (`scheduling.state_search.digest`), which is complete or refused.

Guarantees: when the search is exhausted (`complete`), it has seen every state that any schedule reaches at a choice. So every outcome of
any schedule is the outcome of one of its runs, provided that the outcome depends on the state at the end; a judge of steps on the way must
make its judgement a part of the state (`ControlledLoop.observer`). `schedules` is then the exact number of schedules. A program that can
come back to a state of the same run need not end: `endless` says so, there is no number then, and nothing is said of runs that do not end.

There are no sleep sets here. They save schedules, not states, and with states stored they are sound only if each is stored with its
sleep set and searched again for the sleeping steps (Godefroid: Partial-Order Methods, LNCS 1032, 1996, chapter 5). They would also need
footprints, which cost more than they would save.

If an object cannot be digested, or differs in every run (a random number, a time), `indigestible` says so, and the search starts again
without digests: then it prunes nothing, and is complete only if it has made every schedule.
"""

from collections.abc import Callable, Iterable

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import Choose
from subwarden.scheduling.state_search.digest import Digest
from subwarden.scheduling.state_search.structure import Indigestible
from subwarden.scheduling.state_search.suspended import WatchedTask
from subwarden.scheduling.strategies.strategy import Nondeterministic, Redundant

OUTLIVES = "an object() that outlives its run"
DIFFERS = "something that differs from run to run where the choices do not: a random number, a time, or what earlier runs have left"


class _Node:
    """A choice on the way of the present run. `schedules`: how many have been counted from here so far."""

    __slots__ = ("pick", "schedules", "state", "width")

    def __init__(self, state: bytes, width: int) -> None:
        self.state = state
        self.width = width
        self.pick = 0
        self.schedules = 0


class StateSearch:
    """Exhausted when every state has been seen (`complete`), or after `most` runs.

    `shared`: objects that all runs have in common and that never change; naming them only saves time. `make` makes the digest; tests
    give one that leaves a part out.
    """

    name = "state search"
    every_choice = False

    def __init__(
        self, shared: Iterable[object] = (), most: int | None = None, make: Callable[[Order, Iterable[object]], Digest] = Digest
    ) -> None:
        self.complete = False
        self.endless = False
        self.indigestible: str | None = None
        self.runs = 0
        self.redundant = 0
        self.schedules: int | None = None
        self._make = make
        self._most = most
        self._shared = shared
        self._digest: Digest | None = None
        self._births = False
        self._restart()

    def _restart(self) -> None:
        self._seen: dict[bytes, int | None] = {}  # state -> schedules from there; None while the search is below it
        self._nodes: list[_Node] = []
        self._asked = 0
        self._met: int | None = None  # schedules from the known state at which the present run was given up
        self._begun_anew = False
        self.endless = False

    @property
    def states(self) -> int:
        """How many different states at choices the search has seen."""
        return len(self._seen)

    def begin(self, candidates: Candidates) -> Choose | None:
        if self.complete or self.runs == self._most:
            return None
        if not isinstance(candidates, LoopCandidates):
            raise TypeError("the search of states can look into a controlled loop only")
        loop = candidates.loop
        if self._digest is None:
            self._digest = self._make(candidates.order, self._shared)
        self.runs += 1
        check = self.runs & (self.runs - 1) == 0
        if check and self._outlived():
            self._restart()
        if self.indigestible is None:
            loop.task_class = WatchedTask
        nodes = self._nodes
        self._asked = 0
        self._met = None

        def choose(n: int) -> int:
            at = self._asked
            self._asked = at + 1
            if at < len(nodes):
                node = nodes[at]
                if node.width != n:
                    raise Nondeterministic(f"{n} candidates, not {node.width}")
                if check and at == len(nodes) - 1 and self._state(loop) != node.state:
                    self.indigestible = DIFFERS
                    raise self._anew()
                return node.pick
            state = self._state(loop)
            if state:
                if state in self._seen:
                    self._met = self._seen[state]
                    self.endless = self.endless or self._met is None
                    self.redundant += 1
                    raise Redundant
                self._seen[state] = None
            nodes.append(_Node(state, n))
            return 0

        return choose

    def _state(self, loop: ControlledLoop) -> bytes:
        """The digest, or nothing if states cannot be told apart."""
        digest = self._digest
        if self.indigestible is not None or digest is None:
            return b""
        try:
            state = digest.of(loop)
        except Indigestible as told:
            self.indigestible = str(told)
            raise self._anew() from None
        if loop.births_matter and not self._births:  # states were called equal although they differ in this: start again
            self._births = digest.births = True
            raise self._anew()
        return state

    def _anew(self) -> Redundant:
        """Forget all states. The present run is given up too."""
        self._restart()
        self._begun_anew = True
        return Redundant()

    def end(self, _choices: list[int], _steps: int) -> None:
        if self._begun_anew:
            self._begun_anew = False
            return
        nodes = self._nodes
        if self._asked < len(nodes):
            raise Nondeterministic(f"it ended after {self._asked} choices")
        given_up = self._asked > len(nodes)
        schedules = (self._met or 0) if given_up else 1
        while nodes:
            node = nodes[-1]
            node.schedules += schedules
            node.pick += 1
            if node.pick < node.width:
                return
            nodes.pop()
            schedules = node.schedules
            if node.state:
                self._seen[node.state] = schedules
        if self._outlived():
            self._restart()
            return
        self.schedules = None if self.endless else schedules
        self.complete = True

    def _outlived(self) -> bool:
        """Whether an `object()` outlived its run. Then digests say too little, and states are told apart no more. Asked between runs."""
        if self.indigestible is not None or self._digest is None or not self._digest.tokens.outlived():
            return False
        self.indigestible = OUTLIVES
        return True
