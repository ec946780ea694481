"""Every schedule there is, depth first, in either order and with faults; given a digest of states, every state instead.

The reference that everything called complete is compared with. Without a digest: each schedule exactly once (dejafu and Shuttle call it
depth-first search). With one: a run that comes to a state seen before is given up (`Redundant`), since whatever can follow has been
followed, or will be, from where the state was first seen; that is stateful search as in SPIN (Holzmann 1997).

Guarantees: when it is exhausted (`complete`), every schedule has been run, or with a digest every reachable state has been seen and every
outcome reached, if the digest is complete: equal digests must mean that the same choices lead to the same outcomes. A digest that leaves
anything out makes this strategy unsound without a sign; test it against a search without one.
"""

from collections.abc import Callable, Hashable

from scheduling.loop import ControlledLoop
from scheduling.order import Order
from scheduling.run import Choose
from scheduling.strategies.strategy import Redundant

Digest = Callable[[ControlledLoop], Hashable]


class Exhaustive:
    """Exhausted when everything has been run."""

    name = "exhaustive"
    every_choice = False

    def __init__(self, digest: Digest | None = None) -> None:
        self.complete = False
        self.redundant = 0
        self._digest = digest
        self._seen: set[Hashable] = set()
        self._picks: list[int] = []
        self._widths: list[int] = []
        self._asked = 0

    @property
    def states(self) -> int:
        """How many different states at choices have been seen."""
        return len(self._seen)

    def begin(self, loop: ControlledLoop, _order: Order) -> Choose | None:
        if self.complete:
            return None
        picks, widths, digest, seen = self._picks, self._widths, self._digest, self._seen
        self._asked = 0

        def choose(n: int) -> int:
            at = self._asked = self._asked + 1
            if at <= len(picks):
                if widths[at - 1] != n:
                    raise RuntimeError(f"the program is not the same in every run: {n} candidates, not {widths[at - 1]}")
                return picks[at - 1]
            if digest is not None:
                state = digest(loop)
                if state in seen:
                    self.redundant += 1
                    raise Redundant
                seen.add(state)
            picks.append(0)
            widths.append(n)
            return 0

        return choose

    def end(self, _choices: list[int], _steps: int) -> None:
        picks, widths = self._picks, self._widths
        if self._asked < len(picks):
            raise RuntimeError(f"the program is not the same in every run: it ended after {self._asked} choices")
        while picks:
            if picks[-1] + 1 < widths[-1]:
                picks[-1] += 1
                return
            picks.pop()
            widths.pop()
        self.complete = True
