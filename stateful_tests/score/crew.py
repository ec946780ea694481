"""The processes that judge faults: a new one for each, so many at a time. Which of them judges a fault decides nothing."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.score.task import Judged, Judging
from subwarden.stateful_tests.score.worker import work
from subwarden.stateful_tests.subjects.loading import BadSubject
from subwarden.stateful_tests.workers.pool import Pool
from subwarden.stateful_tests.workers.process import Process, WorkerFailed

TICK = 0.1  # seconds between two looks at the budget
MOST_DEATHS = 3  # processes of a fault that somebody may have killed; after that many, the fault has


class ScoreCrew(Protocol):
    """Judges. `lost`: a line for each process that died."""

    lost: list[str]

    def do(self, tasks: Sequence[Judging], budget: Budget) -> Iterator[Judged]:
        """The outcomes of `tasks`, in order. It ends early once `budget` is spent, and stops all work when nobody asks for more."""

    def close(self) -> None:
        """Leave nothing behind."""


class ScoreProcesses:
    """Up to `jobs` processes of this machine at a time. `memory`: bytes that they may take together, None for half of the machine's."""

    def __init__(self, jobs: int, memory: int | None = None) -> None:
        self.lost: list[str] = []
        self._pool = Pool(jobs, work, (memory, jobs))

    def do(self, tasks: Sequence[Judging], budget: Budget) -> Iterator[Judged]:
        """See `ScoreCrew`. Raises WorkerFailed, BadSubject."""
        waiting, deaths = deque(range(len(tasks))), Counter[int]()
        done: dict[int, Judged] = {}
        given = 0
        try:
            while given < len(tasks) and not budget.spent():
                for process in self._pool.free(len(waiting)):
                    number = waiting.popleft()
                    self._pool.give(process, number, ("do", (tasks[number], False)))
                for process in self._pool.speaking(TICK):
                    number, outcome = self._heard(process, deaths)
                    if outcome is None:
                        waiting.appendleft(number)
                    else:
                        done[number] = outcome
                while given in done:
                    yield done.pop(given)
                    given += 1
        finally:
            for process in list(self._pool.busy):
                self._pool.end(process)

    def close(self) -> None:
        """See `ScoreCrew`."""
        self._pool.close()

    def _heard(self, process: Process, deaths: "Counter[int]") -> tuple[int, Judged | None]:
        """The task that a process was at, and its outcome; None: it has died, and the task is to be done again."""
        number = self._pool.busy[process]
        message, about = next(process.said())
        self._pool.end(process)
        if message != "lost":
            return number, outcome_of(message, about)
        deaths[number] += 1
        if about.by_itself or deaths[number] == MOST_DEATHS:
            return number, Judged(died=about)
        self.lost.append(f"a worker {about}; another does its fault again")
        return number, None


def outcome_of(message: str, about: Any) -> Judged:
    """The outcome that a process says. Raises BadSubject, WorkerFailed."""
    if message == "bad":
        raise BadSubject(about)
    if message == "failed":
        raise WorkerFailed(about)
    assert isinstance(about, Judged)
    return about
