"""The tasks that a client has on a Dask cluster, and their news as they come: nobody waits for one of them.

A hunt and an exploration have them alike: a task goes to a worker that fits, tells when it begins, and is told of again when its worker was
lost, when it has ended every worker that it went to, and when it has a result.
"""

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from distributed.scheduler import KilledWorker

from subwarden.stateful_tests.cluster.hosts import BadCluster, Hosts
from subwarden.stateful_tests.workers.crash import Death

EACH = 0.06  # seconds that a task is to take, at least, for each thread of the cluster: see docs/scale.md
EVENTS = ("begun", "found")  # that a task logs, beside its key
MOST_DEATHS = 3  # Dask workers that a task may kill; Dask itself gives up after one more


class Tasks:
    """The tasks of `client`, which is connected. `topic` names them; a task logs its events there. Raises BadCluster if none can be done.

    The news of a task: ("begun", address); ("moved", (address of the worker that was lost, address)); ("poisoned", Death), of one that has
    ended its workers; ("failed", exception); ("result", what it returns); and ("found", what it says), if it logs that.
    """

    def __init__(self, client: Any) -> None:
        self.topic = f"subwarden-{uuid4().hex}"
        self.hosts = Hosts(client)
        self._client = client
        self._number = 0
        self._running: dict[str, Any] = {}  # the futures of the tasks that run, by key
        self._begun: dict[str, list[str]] = {}  # the Dask workers that have begun them
        self._before: dict[str, tuple[str, ...]] = {}  # that what they do has ended before
        self._over: list[Any] = []  # futures of tasks that have ended
        self._news: SimpleQueue[tuple[str, str, Any]] = SimpleQueue()  # filled by the client's thread
        client.subscribe_topic(self.topic, self._event)

    def __len__(self) -> int:
        return len(self._running)

    def begin(self, function: Callable[[Any], Any], make: Callable[[str], Any], before: tuple[str, ...] = ()) -> str:
        """Let a worker call `function` with the task that `make` makes of its key. `before`: Dask workers that what it does has ended, in
        other tasks. Returns the key. Raises BadCluster.
        """
        fitting = self.hosts.fitting()
        if fitting == []:
            raise BadCluster(self.hosts.nobody())
        self._number += 1
        key = f"{self.topic}-{self._number}"
        self._begun[key], self._before[key] = [], before
        future = self._running[key] = self._client.submit(function, make(key), key=key, pure=False, workers=fitting)
        future.add_done_callback(lambda ended: self._client.loop.add_callback(self._fetch, key, ended))
        return key

    def news(self, timeout: float) -> Iterator[tuple[str, str, Any]]:
        """The key of a task that runs, what is new, and about what. Waits up to `timeout` seconds for the first."""
        while True:
            try:
                key, what, about = self._news.get(timeout=timeout)
            except Empty:
                return
            timeout = 0.0
            if key not in self._running:
                continue
            hosts = self._begun[key]
            if what == "begun":
                hosts.append(about)
                if len(hosts) + len(self._before[key]) > MOST_DEATHS:
                    what, about = "poisoned", _ended(*self._before[key], *hosts)
                elif len(hosts) > 1:
                    what, about = "moved", (hosts[-2], about)
            elif isinstance(about, KilledWorker):
                what, about = "poisoned", _ended(*self._before[key], *(hosts or [about.last_worker.address]))
            elif what == "failed" and not self.hosts.running:
                continue  # it is the scheduler that has gone
            yield key, what, about

    def begun(self, key: str) -> bool:
        """Whether some worker has begun a task that runs."""
        return bool(self._begun[key])

    def not_even_read(self) -> bool:
        """A task has failed; whether its worker is another version, which could not read it. That one is refused from now on."""
        refused = self.hosts.refused
        self.hosts.greet()
        return self.hosts.refused > refused

    def forget(self, key: str) -> None:
        """There is no more news of this task; it ends if it runs."""
        del self._begun[key], self._before[key]
        future = self._running.pop(key)
        if future.done():
            self._over.append(future)
        elif self.hosts.running:
            future.cancel()

    def release(self) -> None:
        """Let go of what is over. To be called once the next tasks are on their way: a client sends at most every ten milliseconds."""
        for future in self._over if self.hosts.running else ():
            future.release()
        self._over.clear()

    def forget_all(self) -> None:
        """End all that run."""
        for key in list(self._running):
            self.forget(key)

    def close(self) -> None:
        """The same, for good. The client and the cluster are whoever's who made them."""
        self.forget_all()
        self.release()
        if self.hosts.running:
            self._client.unsubscribe_topic(self.topic)

    async def _fetch(self, key: str, future: Any) -> None:
        """In the client's thread: the result, without anybody waiting for it."""
        try:
            self._news.put((key, "result", await future._result()))
        except BaseException as error:
            self._news.put((key, "failed", error))

    def _event(self, event: tuple[float, dict[str, Any]]) -> None:
        about = event[1]
        for what in EVENTS:
            if what in about:
                self._news.put((about["key"], what, about[what]))


def _ended(*hosts: str) -> Death:
    return Death(f"ended its Dask workers ({', '.join(hosts[:MOST_DEATHS])})")
