"""Carries a hunt on a Dask cluster: a lane of the hunt is a chain of tasks, each of some rounds, so that a lost one costs little.

Nothing of the hunt is kept on the cluster: each task has all that it needs with it, and its result is all that it leaves.
"""

import logging
import pickle
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any
from uuid import uuid4

import distributed
from distributed.comm.addressing import parse_address, resolve_address
from distributed.scheduler import KilledWorker

from subwarden.processes.signals import CTRL_C, ignoring
from subwarden.stateful_tests.cluster.child import our_prefix
from subwarden.stateful_tests.cluster.hosts import BadCluster, Hosts
from subwarden.stateful_tests.cluster.luggage import Luggage
from subwarden.stateful_tests.cluster.portion import Messages, Portion, carry
from subwarden.stateful_tests.hunt.carrier import LAST_WORDS, Heard
from subwarden.stateful_tests.hunt.worker import Assignment
from subwarden.stateful_tests.workers.crash import Death

PORTION = 15.0  # seconds after which a task ends between two rounds; a round takes seconds, and to begin a task a second
EACH = 0.06  # seconds by which a task is longer for each thread of the cluster, where that is more: see docs/scale.md
CONNECT_WITHIN = 10.0  # seconds
PATIENCE = 15.0  # seconds until a result is here, at most
LATE = 1.0  # seconds after the deadline at which a task that no worker has begun is given up
MOST_DEATHS = 3  # Dask workers that a task may kill; Dask itself gives up after one more


@dataclass(slots=True)
class _Task:
    worker: int
    portion: Portion
    future: Any
    deadline: float | None
    hosts: list[str] = field(default_factory=list)  # the Dask workers that have begun it


class DaskCarrier:
    """See `Carrier`. `client` is connected; `luggage` is the subject's, `memory` as in `Portion`.

    Raises BadCluster if no worker of it can take part.
    """

    def __init__(self, client: Any, luggage: Luggage, memory: int | None = None) -> None:
        self.gone: str | None = None
        self.patience = PATIENCE
        self._client = client
        self._hosts = Hosts(client)
        self._luggage = luggage
        self._memory = memory
        self._topic = f"subwarden-{uuid4().hex}"
        self._number = 0
        self._tasks: dict[str, _Task] = {}  # that run, by key
        self._news: SimpleQueue[tuple[str, str, Any]] = SimpleQueue()  # filled by the client's thread
        self._pause = max(PORTION, EACH * self._hosts.threads)
        client.subscribe_topic(self._topic, self._event)

    @property
    def threads(self) -> int:
        """Tasks that the cluster can do at once now."""
        return self._hosts.threads

    def start(self, worker: int, assignment: Assignment, hash_seed: int) -> str:
        """See `Carrier`. Returns the key of the task."""
        deadline = assignment.deadline
        left = None if deadline is None else max(0.0, deadline - monotonic())
        mine = replace(assignment, subject=self._luggage.subject, deadline=left, pause=self._pause)
        self._number += 1
        key = f"{self._topic}-{worker}-{self._number}"
        portion = Portion(key, self._topic, mine, hash_seed, self._luggage, self._hosts.versions, our_prefix(), self._memory)
        self._submit(worker, portion, deadline)
        return key

    def running(self) -> Collection[int]:
        """See `Carrier`."""
        return [task.worker for task in self._tasks.values()]

    def heard(self, timeout: float) -> Iterator[Heard]:
        """See `Carrier`."""
        if not self._hosts.running:
            self.gone = f"the scheduler {self._hosts.address} has gone; its workers' last tasks are lost, all else is saved"
            return
        for key, task in list(self._tasks.items()):
            if task.deadline is not None and not task.hosts and monotonic() > task.deadline + LATE:
                self._forget(key)
                yield task.worker, "done", None
        while self._tasks:
            try:
                key, what, about = self._news.get(timeout=timeout)
            except Empty:
                break
            timeout = 0.0
            if key in self._tasks:
                yield from self._taken(key, what, about)
        yield from ((0, "said", line) for line in self._hosts.said)
        self._hosts.said = []

    def send(self, message: tuple[str, Any]) -> None:
        """See `Carrier`. A task that is told to stop leaves its counts of this portion; what others know goes with the next task."""
        if message[0] == "stop":
            for key in list(self._tasks):
                self._forget(key)

    def close(self) -> None:
        """See `Carrier`. The client and the cluster are whoever's who made them."""
        for key in list(self._tasks):
            self._forget(key)
        if not self.gone:
            self._client.unsubscribe_topic(self._topic)

    # --- tasks

    def _submit(self, worker: int, portion: Portion, deadline: float | None) -> None:
        only = self._hosts.fitting()
        if only == []:
            self._news.put((portion.key, "result", [("bad", self._hosts.nobody())]))
            self._tasks[portion.key] = _Task(worker, portion, None, deadline)
            return
        future = self._client.submit(carry, portion, key=portion.key, pure=False, workers=only)
        self._tasks[portion.key] = _Task(worker, portion, future, deadline)
        future.add_done_callback(lambda done: self._client.loop.add_callback(self._fetch, portion.key, done))

    async def _fetch(self, key: str, future: Any) -> None:
        """In the client's thread: the result, without anybody waiting for it."""
        try:
            self._news.put((key, "result", await future._result()))
        except BaseException as error:
            self._news.put((key, "error", error))

    def _event(self, event: tuple[float, dict[str, Any]]) -> None:
        about = event[1]
        for what in ("begun", "found"):
            if what in about:
                self._news.put((about["key"], what, about[what]))

    def _forget(self, key: str) -> None:
        task = self._tasks.pop(key)
        if task.future is not None and not self.gone and self._hosts.running:
            task.future.cancel()

    def _taken(self, key: str, what: str, about: Any) -> Iterator[Heard]:
        """What the news of a task mean to the hunt."""
        task = self._tasks[key]
        if what == "begun":
            yield from self._begun(key, task, about)
        elif what == "found":
            yield task.worker, "early", pickle.loads(about)
        elif what == "error":
            yield from self._failed(key, task, about)
        else:
            yield from self._result(key, task, about)

    def _begun(self, key: str, task: _Task, host: str) -> Iterator[Heard]:
        task.hosts.append(host)
        if len(task.hosts) > MOST_DEATHS:
            self._forget(key)
            yield task.worker, "poisoned", Death(f"ended its Dask worker, {', '.join(task.hosts[:MOST_DEATHS])},")
        elif len(task.hosts) > 1:
            yield task.worker, "retried", f"lost its Dask worker {task.hosts[-2]}; {host} does that task again"

    def _failed(self, key: str, task: _Task, error: BaseException) -> Iterator[Heard]:
        if not self._hosts.running:
            return  # seen by `heard`
        if isinstance(error, KilledWorker):
            self._forget(key)
            yield task.worker, "poisoned", Death(f"ended its Dask worker, {', '.join(task.hosts) or error.last_worker.address},")
            return
        refused = self._hosts.refused
        self._hosts.greet()
        self._forget(key)
        if self._hosts.refused > refused:  # it could not even read the task
            self._submit(task.worker, replace(task.portion, key=f"{key}-again"), task.deadline)
            return
        yield task.worker, "failed", f"{type(error).__name__}: {error}"

    def _result(self, key: str, task: _Task, said: Messages) -> Iterator[Heard]:
        if said and said[-1][0] == "refused":
            self._forget(key)
            self._hosts.refuse(*said[-1][1])
            self._submit(task.worker, replace(task.portion, key=f"{key}-again"), task.deadline)
            return
        self._forget(key)
        for message, about in said:
            yield task.worker, message, about
        if not said or said[-1][0] not in (*LAST_WORDS, "lost"):
            yield task.worker, "lost", Death("was cancelled by the cluster")


def connect(address: str, jobs: int) -> tuple[Any, Any]:
    """A client of the scheduler at `address`, and the cluster that was started for it: `jobs` workers here for `local`, else None.

    Raises BadCluster.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters of it is told in our words
    if address == "local":
        with ignoring(CTRL_C):  # inherited: Ctrl-C reaches them, too, and the client decides how to end
            cluster = distributed.LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL)
        return distributed.Client(cluster, set_as_default=False), cluster
    _check(address)
    try:
        return distributed.Client(address, timeout=CONNECT_WITHIN, set_as_default=False), None
    except (OSError, ValueError, TimeoutError) as error:
        raise _silent(address, error) from None


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
