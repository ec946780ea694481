"""Preemption bounding: every schedule with at most k moments in which a task that could continue does not.

Musuvathi, Qadeer: Iterative Context Bounding for Systematic Testing of Multithreaded Programs, PLDI 2007: most bugs need few preemptions,
and a run with few is the easiest to read. The task that ran last continues as long as it can; otherwise the first candidate is next. A
*deviation* is any other choice. So it also counts a choice other than the first after a task has waited or ended, which the paper leaves
free. In `fifo`, where the order of steps is not ours to choose, it is delay bounding from fifo.

Guarantees: those of `scheduling.strategies.systematic.delay_bounded`, with these deviations in the place of those from fifo.
"""

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded


class PreemptionBounded(DelayBounded):
    """Systematic; exhausted when all schedules within the bound have been run."""

    name = "preemption bounded"

    def begin(self, candidates: Candidates) -> Choose | None:
        deviate = super().begin(candidates)
        if deviate is None:
            return None

        def choose(n: int) -> int:
            due = candidates.runs_on()
            pick = deviate(n)
            if pick == 0:
                return due
            return pick - 1 if pick <= due else pick

        return choose
