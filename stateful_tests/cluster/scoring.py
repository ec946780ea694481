"""Lets a Dask cluster judge faults: each is a task, judged in a process beside the Dask worker that ends with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from distributed import get_worker

from subwarden.scheduling import string_hash
from subwarden.stateful_tests.cluster.beside import Beside
from subwarden.stateful_tests.cluster.exploring import Answer, folder_of
from subwarden.stateful_tests.cluster.luggage import Luggage
from subwarden.stateful_tests.cluster.tasks import Tasks
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.score.crew import TICK, Faults
from subwarden.stateful_tests.score.task import Judged, Judging
from subwarden.stateful_tests.workers.crash import Death

AHEAD = 1.5  # tasks for each thread of the cluster that the scheduler has at a time


@dataclass(frozen=True, slots=True)
class ScoringTask:
    """The task. `topic`: names the score; `versions`: those of the client; `memory`: bytes that the subject may take on one machine, None
    for half of it.
    """

    key: str
    topic: str
    judging: Judging
    hash_seed: int
    luggage: Luggage
    versions: dict[str, str]
    memory: int | None


def judge_fault(task: ScoringTask) -> Answer:
    """Do it, in a thread of a Dask worker. Returns what the worker of a score says, ("lost", Death) of a process that died,
    ("refused", (address, why)), or ("unwanted", None).
    """
    host = get_worker()
    host.log_event(task.topic, {"key": task.key, "begun": host.address})
    folder = folder_of(task.topic, task.versions, task.luggage)
    if isinstance(folder, str):
        return "refused", (host.address, folder)
    judging = replace(task.judging, plan=replace(task.judging.plan, subject=task.luggage.subject))
    process = Beside("serve_scoring", folder, task.hash_seed, ((task.memory, host.state.nthreads),))
    try:
        process.send(("do", (judging, False)))
        return next(process.said(host, task.key), ("unwanted", None))
    finally:
        process.close()


class DaskScoreCrew:
    """See `ScoreCrew`. `client` is connected; `luggage` is the subject's, `memory` as in `ScoringTask`. Raises BadCluster."""

    def __init__(self, client: Any, luggage: Luggage, memory: int | None = None) -> None:
        self.lost: list[str] = []
        self._tasks = Tasks(client)
        self._more = string_hash.current() or 0, luggage, self._tasks.hosts.versions, memory

    def do(self, tasks: Sequence[Judging], budget: Budget) -> Iterator[Judged]:
        """See `ScoreCrew`. It ends early, too, when the scheduler has gone. Raises BadCluster, WorkerFailed, BadSubject."""
        hosts, faults = self._tasks.hosts, Faults(tasks, self.lost)
        at: dict[str, int] = {}  # by key of a task, its fault
        try:
            while not budget.spent():
                if not hosts.running:
                    said = f"the scheduler {hosts.address} has gone; this machine judges the rest"
                    self.lost += [] if said in self.lost else [said]
                    return
                most = max(2, int(AHEAD * hosts.threads))
                while len(self._tasks) < most and faults.waiting(1):
                    number, judging = faults.begin()
                    at[self._submit(judging)] = number
                self._tasks.release()
                if not faults.open:
                    return
                for key, what, about in self._tasks.news(TICK):
                    self._heard(faults, at[key], key, what, about)
                self.lost += hosts.said
                hosts.said = []
                yield from faults.ready()
        finally:
            self._tasks.forget_all()

    def close(self) -> None:
        """See `ScoreCrew`."""
        self._tasks.close()

    def _submit(self, judging: Judging) -> str:
        return self._tasks.begin(judge_fault, lambda key: ScoringTask(key, self._tasks.topic, judging, *self._more))

    def _heard(self, faults: Faults, number: int, key: str, what: str, about: Any) -> None:
        """Raises BadCluster, WorkerFailed, BadSubject."""
        if what == "moved":
            self.lost.append(f"the Dask worker {about[0]} was lost; {about[1]} judges its fault again")
        if what in ("begun", "moved"):
            return
        self._tasks.forget(key)
        if what == "poisoned":
            faults.done(number, Judged(died=about))
        elif what == "result" and about[0] == "unwanted":
            faults.died(number, Death("was cancelled by the cluster"))
        elif what == "result" and about[0] != "refused":
            faults.answered(number, *about)
        else:
            if what == "result":
                self._tasks.hosts.refuse(*about[1])
            elif not self._tasks.not_even_read():
                raise about
            faults.again([number])
