"""Who does the portions of an exploration: this process alone, or processes beside it. A search knows no more of them than this.

The search depends on its portions alone, so it is the same whoever does them, and however many do.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any, Protocol

from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.explore.searching.portions import Done, Portion, PortionRunner
from subwarden.stateful_tests.explore.searching.worker import work
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.subjects.scenario.play import Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario
from subwarden.stateful_tests.workers.pool import Pool
from subwarden.stateful_tests.workers.process import Process, WorkerFailed

TICK = 0.1  # seconds between two looks at the budget
STOPPING = 2.0  # seconds that a process has to end its portion when the time is over; then it is killed
MOST_DEATHS = 3  # processes that a portion may kill: it would kill the next one, too


class Crew(Protocol):
    """Does portions. `lost`: a line for each process that died."""

    lost: list[str]

    def do(self, portions: Sequence[Portion], budget: Budget) -> Iterator[Done]:
        """The outcomes of `portions`, in order. It ends early once `budget` is spent, and stops all work when nobody asks for more."""

    def close(self) -> None:
        """Leave nothing behind."""


class Alone:
    """This process."""

    def __init__(self, runner_of: Callable[[Rules], ScenarioRunner]) -> None:
        self.lost: list[str] = []
        self._runner = PortionRunner(runner_of)

    def do(self, portions: Sequence[Portion], budget: Budget) -> Iterator[Done]:
        """See `Crew`."""
        for portion in portions:
            if budget.spent():
                return
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

    def do(self, portions: Sequence[Portion], budget: Budget) -> Iterator[Done]:
        """See `Crew`. Raises WorkerFailed, BadScenario."""
        waiting, deaths = deque(range(len(portions))), Counter[int]()
        done: dict[int, Done] = {}
        given, must_end = 0, None
        try:
            while given < len(portions):
                if must_end is None and budget.spent():
                    must_end = monotonic() + STOPPING
                    waiting.clear()
                    for process in self._pool.busy:
                        process.send(("stop", None))
                if must_end is not None and (not self._pool.busy or monotonic() >= must_end):
                    return
                for process in self._pool.free(len(waiting)):
                    number = waiting.popleft()
                    self._pool.give(process, number, ("do", (portions[number], deaths[number] == MOST_DEATHS - 1)))
                for process in self._pool.speaking(TICK):
                    number, outcome = self._heard(process, deaths)
                    if outcome is not None:
                        done[number] = outcome
                    elif must_end is None:
                        waiting.appendleft(number)
                while given in done:
                    yield done.pop(given)
                    given += 1
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
            return number, outcome_of(message, about)
        self._pool.end(process)
        deaths[number] += 1
        if deaths[number] == MOST_DEATHS:
            return number, Done(complete=False, killed=about)
        self.lost.append(f"a worker {about}; another does its portion again")
        return number, None


def outcomes(crew: Crew | None, here: Crew, portions: Sequence[Portion], budget: Budget) -> Iterator[Done]:
    """The outcomes of `portions`, in order, as far as there is time. `here` does what `crew` leaves, once that has gone."""
    done = 0
    WATCHDOG.watch(None)  # to wait for others may take long, and no run goes on here
    for outcome in () if crew is None else crew.do(portions, budget):
        yield outcome
        done += 1
        WATCHDOG.watch(None)
    if done < len(portions) and not budget.spent():
        yield from here.do(portions[done:], budget)


def outcome_of(message: str, about: Any) -> Done:
    """The outcome that a process says. Raises BadScenario, WorkerFailed."""
    if message == "bad":
        raise BadScenario(about)
    if message == "failed":
        raise WorkerFailed(about)
    assert isinstance(about, Done)
    return about
