"""Who does the portions of an exploration: this process alone, or processes beside it. A search knows no more of them than this.

The search depends on its portions alone, so it is the same whoever does them, and however many do.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Protocol

from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.explore.searching.portions import Done, Portion, PortionRunner
from subwarden.stateful_tests.explore.searching.worker import work
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.subjects.scenario.play import Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario
from subwarden.stateful_tests.workers import in_order
from subwarden.stateful_tests.workers.in_order import InOrder
from subwarden.stateful_tests.workers.pool import Pool
from subwarden.stateful_tests.workers.process import Process, outcome_of

TICK = 0.1  # seconds between two looks at the budget
STOPPING = 2.0  # seconds that a process has to end its portion when the time is over; then it is killed
MOST_DEATHS = 3  # processes that a portion may kill: it would kill the next one, too

Take = in_order.Take[Portion]


class Crew(Protocol):
    """Does portions. `lost`: a line for each process that died."""

    lost: list[str]

    def do(self, take: Take, budget: Budget) -> Iterator[Done]:
        """The outcomes of the portions that `take` gives, in that order. When it takes one decides nothing.

        It ends early once `budget` is spent, and stops all work when nobody asks for more.
        """

    def close(self) -> None:
        """Leave nothing behind."""


class Alone:
    """This process."""

    def __init__(self, runner_of: Callable[[Rules], ScenarioRunner]) -> None:
        self.lost: list[str] = []
        self._runner = PortionRunner(runner_of)

    def do(self, take: Take, budget: Budget) -> Iterator[Done]:
        """See `Crew`."""
        while not budget.spent() and (portion := take()) is not None:
            yield self._runner.do(portion, budget)

    def close(self) -> None:
        """See `Crew`."""


class Processes:
    """Up to `jobs` processes of this machine, started when they are needed, which load the scenario `name` for themselves.

    `memory`: bytes that they may take together, None for half of the machine's.
    """

    def __init__(self, name: str, leave: frozenset[str], jobs: int, memory: int | None = None) -> None:
        self.lost: list[str] = []
        self._pool = Pool(jobs, work, name, leave, (memory, jobs))

    def do(self, take: Take, budget: Budget) -> Iterator[Done]:
        """See `Crew`. Raises WorkerFailed, BadScenario."""
        work, deaths, must_end = InOrder[Portion, Done](take), Counter[int](), None
        try:
            while True:
                if must_end is None and budget.spent():
                    must_end = monotonic() + STOPPING
                    for process in self._pool.busy:
                        process.send(("stop", None))
                if must_end is not None and (not self._pool.busy or monotonic() >= must_end):
                    return
                if must_end is None:
                    for process in self._pool.free(work.waiting(self._pool.room)):
                        number, portion = work.begin()
                        self._pool.give(process, number, ("do", (portion, deaths[number] == MOST_DEATHS - 1)))
                if not work.open:
                    return
                for process in self._pool.speaking(TICK):
                    number, outcome = self._heard(process, deaths)
                    if outcome is None:
                        work.again([number])
                    else:
                        work.done(number, outcome)
                yield from work.ready()
        finally:
            for process in list(self._pool.busy):  # what they do is not wanted any more
                self._pool.end(process)

    def close(self) -> None:
        """See `Crew`."""
        self._pool.close()

    def _heard(self, process: Process, deaths: "Counter[int]") -> tuple[int, Done | None]:
        """The portion that a process was at, and its outcome; None: the process has died, and the portion is to be done again."""
        number = self._pool.busy[process]
        message, about = next(process.said())
        if message != "lost":
            del self._pool.busy[process]
            return number, outcome_of(message, about, Done, BadScenario)
        self._pool.end(process)
        deaths[number] += 1
        if deaths[number] == MOST_DEATHS:
            return number, Done(complete=False, killed=about)
        self.lost.append(f"a worker {about}; another does its portion again")
        return number, None


def outcomes(crew: Crew | None, here: Crew, take: Take, budget: Budget) -> Iterator[tuple[Portion, Done]]:
    """The portions that `take` gives, and their outcomes, in order, as far as there is time. `here` does what `crew` leaves, once that has
    gone.
    """
    taken: deque[Portion] = deque()  # whose outcomes are not known
    left: deque[Portion] = deque()  # by `crew`

    def noted() -> Portion | None:
        portion = left.popleft() if left else take()
        if portion is not None:
            taken.append(portion)
        return portion

    WATCHDOG.watch(None)  # to wait for others may take long, and no run goes on here
    for outcome in () if crew is None else crew.do(noted, budget):
        yield taken.popleft(), outcome
        WATCHDOG.watch(None)
    left, taken = taken, deque()
    for outcome in here.do(noted, budget):
        yield taken.popleft(), outcome
