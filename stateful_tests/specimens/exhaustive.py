"""Brute force: every schedule, depth first, in either order and with faults. The reference for every search that is called complete.

Stateless search: Godefroid, Model Checking for Programming Languages using VeriSoft, POPL 1997, without its reductions. No state is
stored. Each run starts anew, repeats the choices of the one before up to the last that has an alternative left, takes the next
alternative, and from there always the first. Only one path is remembered.

Guarantees: each run is another schedule; when the search is exhausted (`complete`), it has made every schedule that `scheduling.run.run`
allows. It needs programs that do the same under the same choices, and raises Nondeterministic if one is seen not to. Only the runs have a
bound, on their steps: the number of schedules is exponential in their length.
"""

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.strategy import Nondeterministic


class Exhaustive:
    """Exhausted when everything has been run."""

    name = "exhaustive"
    every_choice = False

    def __init__(self) -> None:
        self.complete = False
        self._picks: list[int] = []
        self._widths: list[int] = []
        self._asked = 0

    def begin(self, _candidates: Candidates) -> Choose | None:
        if self.complete:
            return None
        picks, widths = self._picks, self._widths
        self._asked = 0

        def choose(n: int) -> int:
            at = self._asked = self._asked + 1
            if at <= len(picks):
                if widths[at - 1] != n:
                    raise Nondeterministic(f"{n} candidates, not {widths[at - 1]}")
                return picks[at - 1]
            picks.append(0)
            widths.append(n)
            return 0

        return choose

    def end(self, _choices: list[int], _steps: int) -> None:
        picks, widths = self._picks, self._widths
        if self._asked < len(picks):
            raise Nondeterministic(f"it ended after {self._asked} choices")
        while picks:
            if picks[-1] + 1 < widths[-1]:
                picks[-1] += 1
                return
            picks.pop()
            widths.pop()
        self.complete = True
