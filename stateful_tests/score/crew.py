"""Who judges faults: a new process for each, so many at a time. Which of them judges a fault decides nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.score.task import Judged, Judging
from subwarden.stateful_tests.score.worker import work
from subwarden.stateful_tests.subjects.watched_load import BadSubject
from subwarden.stateful_tests.workers.crash import Death
from subwarden.stateful_tests.workers.in_order import InOrder, each
from subwarden.stateful_tests.workers.pool import Pool
from subwarden.stateful_tests.workers.process import outcome_of

TICK = 0.1  # seconds between two looks at the budget
MOST_DEATHS = 3  # processes of a fault that somebody may have killed; after that many, the fault has


class ScoreCrew(Protocol):
    """Judges."""

    @property
    def lost(self) -> list[str]:
        """A line for each process that died."""

    def do(self, tasks: Sequence[Judging], budget: Budget) -> Iterator[Judged]:
        """The outcomes of `tasks`, in order. It ends early once `budget` is spent, and stops all work when nobody asks for more."""

    def close(self) -> None:
        """Leave nothing behind."""


class Faults(InOrder[Judging, Judged]):
    """The faults that are judged, with the answers of processes. `lost`: takes a line for each that died."""

    def __init__(self, tasks: Sequence[Judging], lost: list[str]) -> None:
        super().__init__(each(tasks))
        self._lost = lost
        self._deaths = Counter[int]()

    def answered(self, number: int, message: str, about: Any) -> None:
        """A process has answered, or died: then another is to judge the fault, unless it was the fault. Raises BadSubject, WorkerFailed."""
        if message == "lost":
            self.died(number, about)
        else:
            self.done(number, outcome_of(message, about, Judged, BadSubject))

    def died(self, number: int, how: Death) -> None:
        """The process that judged this fault has died."""
        self._deaths[number] += 1
        if how.by_itself or self._deaths[number] == MOST_DEATHS:
            self.done(number, Judged(died=how))
            return
        self._lost.append(f"a worker {how}; another judges its fault again")
        self.again([number])


class ScoreProcesses:
    """Up to `jobs` processes of this machine at a time. `memory`: bytes that they may take together, None for half of the machine's."""

    def __init__(self, jobs: int, memory: int | None = None) -> None:
        self.lost: list[str] = []
        self._pool = Pool(jobs, work, (memory, jobs))

    def do(self, tasks: Sequence[Judging], budget: Budget) -> Iterator[Judged]:
        """See `ScoreCrew`. Raises WorkerFailed, BadSubject."""
        faults = Faults(tasks, self.lost)
        try:
            while not budget.spent():
                for process in self._pool.free(faults.waiting(self._pool.room)):
                    number, task = faults.begin()
                    self._pool.give(process, number, ("do", (task, False)))
                if not faults.open:
                    return
                for process in self._pool.speaking(TICK):
                    number = self._pool.busy[process]
                    message, about = next(process.said())
                    self._pool.end(process)
                    faults.answered(number, message, about)
                yield from faults.ready()
        finally:
            for process in list(self._pool.busy):
                self._pool.end(process)

    def close(self) -> None:
        """See `ScoreCrew`."""
        self._pool.close()


class InTurn:
    """`first` judges for as long as it can, and `then` judges the rest."""

    def __init__(self, first: ScoreCrew, then: ScoreCrew) -> None:
        self._first, self._then = first, then

    @property
    def lost(self) -> list[str]:
        """See `ScoreCrew`."""
        return self._first.lost + self._then.lost

    def do(self, tasks: Sequence[Judging], budget: Budget) -> Iterator[Judged]:
        """See `ScoreCrew`."""
        done = 0
        for outcome in self._first.do(tasks, budget):
            yield outcome
            done += 1
        yield from self._then.do(tasks[done:], budget)

    def close(self) -> None:
        """See `ScoreCrew`."""
        self._first.close()
        self._then.close()
