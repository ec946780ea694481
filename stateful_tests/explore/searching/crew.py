"""Who does the portions of an exploration: this process alone, or processes beside it. A search knows no more of them than this.

The search depends on its portions alone, so it is the same whoever does them, and however many do.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
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

Take = Callable[[], Portion | None]  # the next portion; None: there is none, or none before another outcome was given out


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
        work, deaths, must_end = InOrder(take), Counter[int](), None
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
            return number, outcome_of(message, about)
        self._pool.end(process)
        deaths[number] += 1
        if deaths[number] == MOST_DEATHS:
            return number, Done(complete=False, killed=about)
        self.lost.append(f"a worker {about}; another does its portion again")
        return number, None


class InOrder:
    """Portions that others do, in any order, and their outcomes, which are given out in the order of the portions. They have numbers."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._taken = self._given = 0
        self._waiting: deque[int] = deque()
        self._portions: dict[int, Portion] = {}  # whose outcomes are not known
        self._done: dict[int, Done] = {}

    @property
    def open(self) -> int:
        """Portions that have been taken, and whose outcomes are not known."""
        return len(self._portions)

    def waiting(self, most: int) -> int:
        """Portions that nobody does, if there are so many; at most `most`."""
        while len(self._waiting) < most and (portion := self._take()) is not None:
            self._portions[self._taken] = portion
            self._waiting.append(self._taken)
            self._taken += 1
        return min(most, len(self._waiting))

    @property
    def next(self) -> int:
        """The first that waits."""
        return self._waiting[0]

    def portion(self, number: int) -> Portion:
        """That with this number."""
        return self._portions[number]

    def begin(self) -> tuple[int, Portion]:
        """Somebody does the first that waits."""
        number = self._waiting.popleft()
        return number, self._portions[number]

    def again(self, numbers: Sequence[int]) -> None:
        """Nobody does these any more."""
        self._waiting.extendleft(reversed(numbers))

    def done(self, number: int, outcome: Done) -> None:
        """It has this outcome."""
        del self._portions[number]
        self._done[number] = outcome

    def ready(self) -> Iterator[Done]:
        """The outcomes that nothing is missing before."""
        while self._given in self._done:
            self._given += 1
            yield self._done.pop(self._given - 1)


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


def each(portions: Iterable[Portion]) -> Take:
    """Takes `portions`, one after the other."""
    return partial(next, iter(portions), None)


def outcome_of(message: str, about: Any) -> Done:
    """The outcome that a process says. Raises BadScenario, WorkerFailed."""
    if message == "bad":
        raise BadScenario(about)
    if message == "failed":
        raise WorkerFailed(about)
    assert isinstance(about, Done)
    return about
