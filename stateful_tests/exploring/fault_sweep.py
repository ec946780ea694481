"""The complete part of a check with faults: injects each fault at each moment of two schedules of a program, alone and then in pairs.

The schedules are fifo's own, without any choice of ours, and the one in which the program was drawn, where requests meet; both are without
faults. The rest of the program's schedules is sampled. Nothing is called complete that a budget has cut short.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from subwarden.scheduling.strategies.systematic.fault_bounded import FaultBounded
from subwarden.stateful_tests.exploring.coverage.completeness import DRAWN, FIFO
from subwarden.stateful_tests.exploring.coverage.completeness import faults as faults_of
from subwarden.stateful_tests.exploring.level import Level, Program
from subwarden.stateful_tests.exploring.runner import Runner

BOUNDS = (1, 2)  # each fault alone, then pairs, in which the same one may be injected twice
SHARE = 0.5  # of a program's schedules: the rest varies the schedule

Bases = Mapping[str, Sequence[int]]
Once = Callable[[Any, FaultBounded], bool]


def bases_of(runner: Runner, program: Program, names: Sequence[str]) -> Bases:
    """The two schedules of `program`, drawn under `names`, as choices; only the first if they are the same."""
    drawn, _ = runner.guided(runner.level.with_faults(program, 0), names)
    return {FIFO: (), DRAWN: drawn.choices} if any(drawn.choices) else {FIFO: ()}


def sweep(level: Level, program: Program, bases: Bases, budget: int, once: Once) -> tuple[Counter[str], int]:
    """Inject the faults of `program` at each moment of the schedules `bases`, in at most `budget` runs.

    `once(program, strategy)` makes one run; False: there was none, the strategy is exhausted or time is up. Returns the sweeps that were
    complete, as `coverage.completeness` counts them, and the number of runs made.
    """
    made, left = Counter[str](), budget
    alone: dict[str, int] = {}  # schedule -> how many runs it took to make all with at most one fault
    for faults in BOUNDS:
        target = level.with_faults(program, faults)
        for schedule, base in bases.items():
            runs = alone.get(schedule, 0)
            if faults > 1 and not 0 < runs * (runs + 3) <= left:  # more runs than that are seldom needed for all pairs
                continue
            search = FaultBounded(faults, base)
            runs = 0
            while runs < left and once(target, search):
                runs += 1
            left -= runs
            if search.complete >= 1:
                alone[schedule] = runs
            for k in range(0 if faults == 1 else faults, search.complete + 1):
                made[faults_of(schedule, k)] += 1
    return made, budget - left
