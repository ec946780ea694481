"""Every way to inject at most k faults (cancellations, failing calls) into one schedule: at each moment, each fault or none.

The bound is that of delay-bounded scheduling (Emmi, Qadeer, Rakamaric, POPL 2011), with faults in the place of delays, and
`scheduling.strategies.systematic.delay_bounded` does the search. All other choices follow a given schedule, fifo's by default, as far as
the disturbed run still has its choices. The moments are all choices: a task is hit at every await, before each step that others make while
it waits there, and again when it has been woken and has not run yet. Faults with equal labels are one that may strike more than once.

Guarantees: every run with at most `bound` faults in that schedule is made exactly once, in the order of their number; `complete` is the
largest k such that all with at most k have been made. The number of runs with one fault is linear in the length of the schedule.
"""

from collections.abc import Sequence

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded


class FaultBounded:
    """Systematic; exhausted when all runs within the bound have been made. After the choices of `base` it takes the first candidate.

    `base`: the choices of a run without faults among two or more candidates, as `scheduling.run.run` returns them.
    """

    name = "fault bounded"
    every_choice = False

    def __init__(self, bound: int, base: Sequence[int] = ()) -> None:
        self._base = tuple(base)
        self._search = DelayBounded(bound)

    @property
    def complete(self) -> int:
        """The largest k such that every run with at most k faults has been made; -1: none."""
        return self._search.complete

    def begin(self, candidates: Candidates) -> Choose | None:
        fault = self._search.begin(candidates)
        if fault is None:
            return None
        left = iter(self._base)
        faults = candidates.faults

        def choose(n: int) -> int:
            labels = faults()
            others = n - len(labels)
            if labels:
                places = _different(labels)
                pick = fault(1 + len(places))
                if pick:
                    return others + places[pick - 1]
            return min(next(left, 0), others - 1) if others > 1 else 0

        return choose

    def end(self, choices: list[int], steps: int) -> None:
        self._search.end(choices, steps)


def _different(labels: Sequence[str]) -> Sequence[int]:
    """The place of the first of each label."""
    if len(set(labels)) == len(labels):
        return range(len(labels))
    return [at for at, label in enumerate(labels) if label not in labels[:at]]
