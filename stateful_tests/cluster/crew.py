"""Lets a Dask cluster do the portions of an exploration. Nothing of it is kept there: each task has all that it needs with it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from subwarden.scheduling import string_hash
from subwarden.stateful_tests.cluster.exploring import Answer, ExploringTask, explore_portions, prepare
from subwarden.stateful_tests.cluster.luggage import Luggage
from subwarden.stateful_tests.cluster.tasks import EACH, MOST_DEATHS, Tasks
from subwarden.stateful_tests.explore.searching.crew import TICK, Take
from subwarden.stateful_tests.explore.searching.portions import Done, Portion
from subwarden.stateful_tests.explore.searching.worker import rehearse
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.runs.killing import dying
from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario
from subwarden.stateful_tests.workers.crash import Death
from subwarden.stateful_tests.workers.in_order import InOrder
from subwarden.stateful_tests.workers.process import outcome_of

AHEAD = 1.5  # tasks for each thread of the cluster that the scheduler has at a time: another is there when one ends
TASK = 0.5  # seconds that a task takes, about, where there are enough portions: to hand it out and back takes some ten milliseconds


class DaskCrew:
    """See `Crew`. `client` is connected; `luggage` is the scenario's, `memory` as in `ExploringTask`. Raises BadCluster."""

    def __init__(self, client: Any, scenario: str, luggage: Luggage, leave: frozenset[str], memory: int | None = None) -> None:
        """`scenario`: its name here."""
        self.lost: list[str] = []
        self._client = client
        self._scenario = scenario
        self._tasks = Tasks(client)
        self._more = leave, string_hash.current() or 0, luggage, self._tasks.hosts.versions, memory
        self._prepared = False

    def do(self, take: Take, budget: Budget) -> Iterator[Done]:
        """See `Crew`. It ends early, too, when the scheduler has gone. Raises BadCluster, WorkerFailed, BadScenario."""
        hosts, doing = self._tasks.hosts, _Doing(InOrder[Portion, Done](take))
        try:
            while not budget.spent():
                if not hosts.running:
                    self._gone()
                    return
                self._prepare()
                most = max(2, int(AHEAD * hosts.threads))
                while len(self._tasks) < most and (numbers := doing.next(most, max(TASK, EACH * hosts.threads))):
                    self._submit(doing, numbers)
                self._tasks.release()
                if not doing.work.open:
                    return
                for key, what, about in self._tasks.news(TICK):
                    self._heard(doing, key, what, about)
                self.lost += hosts.said
                hosts.said = []
                yield from doing.work.ready()
        finally:
            self._tasks.forget_all()

    def close(self) -> None:
        """See `Crew`."""
        self._tasks.close()

    def _prepare(self) -> None:
        """Let the workers begin to load the scenario, all at once: the first states are few, and go to one after the other."""
        if not self._prepared:
            self._prepared = True
            task = self._task("", (), noted=False)
            self._client.loop.add_callback(self._client._run, prepare, task, workers=self._tasks.hosts.fitting(), on_error="ignore")

    def _gone(self) -> None:
        said = f"the scheduler {self._tasks.hosts.address} has gone; this process does the rest"
        self.lost += [] if said in self.lost else [said]

    def _task(self, key: str, portions: tuple[Portion, ...], *, noted: bool) -> ExploringTask:
        return ExploringTask(key, self._tasks.topic, portions, noted, *self._more)

    def _submit(self, doing: "_Doing", numbers: list[int]) -> None:
        portions, noted = tuple(doing.work.piece(number) for number in numbers), doing.last_try(numbers)
        ended = doing.ended.get(numbers[0], ())
        key = self._tasks.begin(explore_portions, lambda key: self._task(key, portions, noted=noted), ended)
        doing.at[key] = numbers

    def _heard(self, doing: "_Doing", key: str, what: str, about: Any) -> None:
        """Raises BadCluster, WorkerFailed, BadScenario."""
        numbers = doing.at[key]
        alone = len(numbers) == 1
        if what == "moved":
            self.lost.append(f"the Dask worker {about[0]} was lost; {about[1]} does its portion again")
            if not alone:
                doing.suspect(numbers, about[0])
        if what == "begun" or (what == "moved" and alone):
            return
        self._tasks.forget(key)
        del doing.at[key]
        if what == "poisoned" and alone:
            here = dying(string_hash.current() or 0, rehearse, self._scenario, self._more[0], doing.work.piece(numbers[0]), noted=True)
            doing.work.done(numbers[0], Done(complete=False, killed=replace(about, run=here and here.run)))
        elif what == "poisoned":
            doing.suspect(numbers)
            doing.work.again(numbers)
        elif what == "result":
            self._ended(doing, numbers, *about)
        elif what == "failed" and not self._tasks.not_even_read():
            raise about
        else:
            doing.work.again(numbers)

    def _ended(self, doing: "_Doing", numbers: list[int], answers: list[Answer], seconds: float) -> None:
        """A task has ended, with answers to its first portions. Raises BadCluster, WorkerFailed, BadScenario."""
        done = 0
        for number, (what, about) in zip(numbers, answers, strict=False):
            if what == "refused":
                self._tasks.hosts.refuse(*about)
            elif what in ("lost", "unwanted"):
                done += self._died(doing, number, about or Death("was cancelled by the cluster"))
            else:
                doing.work.done(number, outcome_of(what, about, Done, BadScenario))
                done += 1
        doing.work.again(numbers[done:])
        if done:
            doing.each = seconds / done

    def _died(self, doing: "_Doing", number: int, died: Death) -> bool:
        """Whether that is the outcome of a portion: it has killed as many processes as it may."""
        doing.deaths[number] += 1
        if doing.deaths[number] == MOST_DEATHS:
            doing.work.done(number, Done(complete=False, killed=died))
            return True
        self.lost.append(f"a worker {died}; another does its portion again")
        return False


class _Doing:
    """What is at work of one search: by key of a task, the numbers of its portions."""

    def __init__(self, work: InOrder[Portion, Done]) -> None:
        self.work = work
        self.at: dict[str, list[int]] = {}
        self.each: float | None = None  # seconds that a portion takes
        self.deaths = Counter[int]()  # processes that a portion has killed
        self.ended: dict[int, tuple[str, ...]] = {}  # Dask workers that a portion may have ended, when it was not alone

    def next(self, tasks: int, seconds: float) -> list[int]:
        """The portions of the next task, where there are to be so many at a time, of so many seconds. No task gets so many that others get
        none.
        """
        most = 1 if self.each is None else max(1, int(seconds / max(self.each, 0.001)))
        waiting = self.work.waiting(tasks * most)
        share = min(waiting, most, -(-self.work.open // tasks))
        numbers: list[int] = []
        while len(numbers) < share and not (numbers and self._alone(self.work.next)):
            numbers.append(self.work.begin()[0])
            if self._alone(numbers[0]):
                break
        return numbers

    def _alone(self, number: int) -> bool:
        return number in self.deaths or number in self.ended

    def suspect(self, numbers: list[int], *hosts: str) -> None:
        """One of these may have ended Dask workers, `hosts` among them: from now on each goes alone."""
        self.ended |= dict.fromkeys(numbers, hosts)

    def last_try(self, numbers: list[int]) -> bool:
        """Whether a process that dies of this is the last that may."""
        return self.deaths[numbers[0]] == MOST_DEATHS - 1 if len(numbers) == 1 else False
