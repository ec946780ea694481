"""Carries a hunt on a Dask cluster: a lane of the hunt is a chain of tasks, each of some rounds, so that a lost one costs little.

Nothing of the hunt is kept on the cluster: each task has all that it needs with it, and its result is all that it leaves.
"""

import logging
import pickle
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import dask.config
import distributed
from distributed.comm.addressing import parse_address, resolve_address

from subwarden.processes.child import blocked
from subwarden.processes.signals import FROM_TERMINAL
from subwarden.stateful_tests.cluster.child import our_prefix
from subwarden.stateful_tests.cluster.hosts import BadCluster
from subwarden.stateful_tests.cluster.luggage import Luggage
from subwarden.stateful_tests.cluster.portion import Messages, Portion, carry
from subwarden.stateful_tests.cluster.tasks import EACH, Tasks
from subwarden.stateful_tests.exploring.black_box import LastRun
from subwarden.stateful_tests.hunt.carrier import LAST_WORDS, Heard
from subwarden.stateful_tests.hunt.worker import Assignment, rehearse
from subwarden.stateful_tests.runs.killing import dying
from subwarden.stateful_tests.workers.crash import Death

PORTION = 15.0  # seconds after which a task ends between two rounds; a round takes seconds, and to begin a task a second
PROFILE = "distributed.worker.profile.enabled"  # a look at each thread a hundred times a second, for a dashboard that is not there
CONNECT_WITHIN = 10.0  # seconds
PATIENCE = 15.0  # seconds until a result is here, at most
LATE = 1.0  # seconds after the deadline at which a task that no worker has begun is given up


@dataclass(slots=True)
class _Task:
    worker: int
    portion: Portion
    deadline: float | None


class DaskCarrier:
    """See `Carrier`. `client` is connected; `luggage` is the subject's, `memory` as in `Portion`.

    Raises BadCluster if no worker of it can take part.
    """

    def __init__(self, client: Any, subject: str, luggage: Luggage, memory: int | None = None) -> None:
        """`subject`: its name here."""
        self.gone: str | None = None
        self.patience = PATIENCE
        self._tasks = Tasks(client)
        self._subject = subject
        self._luggage = luggage
        self._memory = memory
        self._running: dict[str, _Task] = {}  # by key
        self._refused: list[Heard] = []  # lanes that no worker takes
        self._pause = max(PORTION, EACH * self._tasks.hosts.threads)

    @property
    def threads(self) -> int:
        """Tasks that the cluster can do at once now."""
        return self._tasks.hosts.threads

    def start(self, worker: int, assignment: Assignment, hash_seed: int) -> str:
        """See `Carrier`. Returns the key of the task, empty if no worker takes it."""
        deadline = assignment.deadline
        left = None if deadline is None else max(0.0, deadline - monotonic())
        mine = replace(assignment, subject=self._luggage.subject, deadline=left, pause=self._pause)
        versions, topic = self._tasks.hosts.versions, self._tasks.topic
        return self._begin(
            _Task(worker, Portion("", topic, mine, hash_seed, self._luggage, versions, our_prefix(), self._memory), deadline)
        )

    def running(self) -> Collection[int]:
        """See `Carrier`."""
        return [*(task.worker for task in self._running.values()), *(worker for worker, *_ in self._refused)]

    def heard(self, timeout: float) -> Iterator[Heard]:
        """See `Carrier`."""
        hosts = self._tasks.hosts
        if not hosts.running:
            self.gone = f"the scheduler {hosts.address} has gone; its workers' last tasks are lost, all else is saved"
            return
        for key, task in list(self._running.items()):
            if task.deadline is not None and not self._tasks.begun(key) and monotonic() > task.deadline + LATE:
                self._end(key)
                yield task.worker, "done", None
        for key, what, about in self._tasks.news(timeout if self._running else 0.0):
            yield from self._taken(key, what, about)
        self._tasks.release()
        yield from ((0, "said", line) for line in hosts.said)
        hosts.said = []
        refused, self._refused = self._refused, []
        yield from refused

    def send(self, message: tuple[str, Any]) -> None:
        """See `Carrier`. A task that is told to stop leaves its counts of this portion; what others know goes with the next task."""
        if message[0] == "stop":
            self._tasks.forget_all()
            self._running.clear()

    def close(self) -> None:
        """See `Carrier`."""
        self._tasks.close()

    # --- tasks

    def _begin(self, task: _Task) -> str:
        try:
            key = self._tasks.begin(carry, lambda key: replace(task.portion, key=key))
        except BadCluster as bad:
            self._refused.append((task.worker, "bad", str(bad)))
            return ""
        self._running[key] = task
        return key

    def _end(self, key: str) -> None:
        self._tasks.forget(key)
        del self._running[key]

    def _taken(self, key: str, what: str, about: Any) -> Iterator[Heard]:
        """What the news of a task mean to the hunt."""
        task = self._running[key]
        match what:
            case "found":
                yield task.worker, "early", pickle.loads(about)
            case "moved":
                yield task.worker, "retried", f"lost its Dask worker {about[0]}; {about[1]} does that task again"
            case "poisoned":
                self._end(key)
                yield task.worker, "poisoned", replace(about, run=self._last_run(task))
            case "failed":
                self._end(key)
                if self._tasks.not_even_read():
                    self._begin(task)
                else:
                    yield task.worker, "failed", f"{type(about).__name__}: {about}"
            case "result":
                self._end(key)
                yield from self._result(task, about)

    def _last_run(self, task: _Task) -> LastRun | None:
        """The run that ends Dask workers, if it ends a process here, too: nobody there could write it down."""
        assignment = replace(task.portion.assignment, subject=self._subject, deadline=task.deadline)
        died = dying(task.portion.hash_seed, rehearse, assignment, noted=True)
        return None if died is None else died.run

    def _result(self, task: _Task, said: Messages) -> Iterator[Heard]:
        if said and said[-1][0] == "refused":
            self._tasks.hosts.refuse(*said[-1][1])
            self._begin(task)
            return
        for message, about in said:
            yield task.worker, message, about
        if not said or said[-1][0] not in (*LAST_WORDS, "lost"):
            yield task.worker, "lost", Death("was cancelled by the cluster")


def connect(address: str, jobs: int) -> tuple[Any, Any]:
    """A client of the scheduler at `address`, and the cluster that was started for it: `jobs` workers here for `local`, else None.

    Raises BadCluster.
    """
    silence()
    if address == "local":
        quiet = dask.config.set({PROFILE: False})
        with quiet, blocked(FROM_TERMINAL):  # these reach all processes, and the client decides how to end
            cluster = distributed.LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL)
        return distributed.Client(cluster, set_as_default=False), cluster
    _check(address)
    try:
        return distributed.Client(address, timeout=CONNECT_WITHIN, set_as_default=False), None
    except (OSError, ValueError, TimeoutError) as error:
        raise _silent(address, error) from None


def silence() -> None:
    """What matters of Dask's log is told in our words. Its configuration gives some of its loggers a level of their own."""
    for name in ("distributed", *logging.Logger.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _check(address: str) -> None:
    """Raises BadCluster for what cannot be an address: a client made for it would hang when this process ends."""
    try:
        if parse_address(address)[0] == "inproc":
            raise ValueError("inproc is within one process")
        resolve_address(address)
    except ValueError as error:
        raise BadCluster(f"--dask {address!r} is no address: {error}; give `local`, or a scheduler's, such as tcp://HOST:8786") from None
    except OSError as error:
        raise _silent(address, error) from None


def _silent(address: str, error: Exception) -> BadCluster:
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    return BadCluster(f"--dask {address}: no Dask scheduler answers there ({said}); start one with `dask scheduler`")
