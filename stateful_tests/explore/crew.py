"""Who does the portions of an exploration: this process alone, or processes beside it. A search knows no more of them than this.

The search depends on its portions alone, so it is the same whoever does them, and however many do.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any, Protocol, cast

from subwarden.scheduling import string_hash
from subwarden.stateful_tests.explore.portions import Done, Portion, PortionRunner
from subwarden.stateful_tests.explore.worker import work
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.crash import CrashNote
from subwarden.stateful_tests.subjects.scenario.play import Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario

TICK = 0.1  # seconds between two looks at the budget
STOPPING = 2.0  # seconds that a process has to end its portion when the time is over; then it is killed
MOST_DEATHS = 3  # processes that a portion may kill: it would kill the next one, too


class WorkerFailed(Exception):
    """A process stopped at an error of ours; the message is its traceback."""


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
        self._arguments = name, leave, (memory, jobs)
        self._jobs = jobs
        self._processes: dict[Connection[Any, Any], tuple[Any, CrashNote]] = {}
        self._busy: dict[Connection[Any, Any], int] = {}

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
                    self._stop()
                if must_end is not None and (not self._busy or monotonic() >= must_end):
                    return
                for pipe in self._free(len(waiting)):
                    self._busy[pipe] = waiting.popleft()
                    with suppress(OSError):  # it has died, which is seen when it is listened to
                        number = self._busy[pipe]
                        pipe.send(("do", (portions[number], deaths[number] == MOST_DEATHS - 1)))
                for pipe in cast("list[Connection[Any, Any]]", wait(list(self._busy), timeout=TICK)):
                    number, outcome = self._heard(pipe, deaths)
                    if outcome is not None:
                        done[number] = outcome
                    elif must_end is None:
                        waiting.appendleft(number)
                while given in done:
                    yield done.pop(given)
                    given += 1
        finally:
            for pipe in list(self._busy):  # what they do is not wanted any more
                self._end(pipe)

    def close(self) -> None:
        """See `Crew`."""
        for pipe in list(self._processes):
            self._end(pipe)

    def _free(self, needed: int) -> "list[Connection[Any, Any]]":
        free = [pipe for pipe in self._processes if pipe not in self._busy]
        while len(free) < needed and len(self._processes) < self._jobs:
            free.append(self._start())
        return free[:needed]

    def _start(self) -> "Connection[Any, Any]":
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        note = CrashNote()
        process = context.Process(target=work, args=(theirs, *self._arguments, note), daemon=True)
        with string_hash.of_children(string_hash.current() or 0):
            process.start()
        theirs.close()  # so that its end is seen as soon as it dies
        self._processes[ours] = process, note
        return ours

    def _heard(self, pipe: "Connection[Any, Any]", deaths: "Counter[int]") -> tuple[int, Done | None]:
        """The portion that a process was at, and its outcome; None: the process has died, and the portion is to be done again."""
        number = self._busy[pipe]
        try:
            message, about = pipe.recv()
        except (EOFError, OSError):
            process, note = self._processes[pipe]
            died = note.of_child(process)
            self._end(pipe)
            deaths[number] += 1
            if deaths[number] == MOST_DEATHS:
                return number, Done(complete=False, killed=died)
            self.lost.append(f"a worker {died}; another does its portion again")
            return number, None
        del self._busy[pipe]
        return number, outcome_of(message, about)

    def _stop(self) -> None:
        for pipe in self._busy:
            with suppress(OSError):
                pipe.send(("stop", None))

    def _end(self, pipe: "Connection[Any, Any]") -> None:
        self._busy.pop(pipe, None)
        process, note = self._processes.pop(pipe)
        process.kill()
        process.join()
        pipe.close()
        note.close()


def outcome_of(message: str, about: Any) -> Done:
    """The outcome that a process says. Raises BadScenario, WorkerFailed."""
    if message == "bad":
        raise BadScenario(about)
    if message == "failed":
        raise WorkerFailed(about)
    assert isinstance(about, Done)
    return about
