"""Lets a Dask cluster do the portions of an exploration. Nothing of it is kept there: each task has all that it needs with it."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from distributed.scheduler import KilledWorker

from subwarden.scheduling import string_hash
from subwarden.stateful_tests.cluster.exploring import ExploringTask, explore_portion
from subwarden.stateful_tests.cluster.hosts import BadCluster, Hosts
from subwarden.stateful_tests.cluster.luggage import Luggage
from subwarden.stateful_tests.explore.searching.crew import MOST_DEATHS, TICK, outcome_of
from subwarden.stateful_tests.explore.searching.portions import Done, Portion
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.workers.crash import Death

AHEAD = 2  # tasks for each thread of the cluster that the scheduler has at a time


class DaskCrew:
    """See `Crew`. `client` is connected; `luggage` is the scenario's, `memory` as in `ExploringTask`. Raises BadCluster."""

    def __init__(self, client: Any, luggage: Luggage, leave: frozenset[str], memory: int | None = None) -> None:
        self.lost: list[str] = []
        self._client = client
        self._hosts = Hosts(client)
        self._topic = f"subwarden-{uuid4().hex}"
        self._more = leave, string_hash.current() or 0, luggage, self._hosts.versions, memory
        self._news: SimpleQueue[tuple[str, str, Any]] = SimpleQueue()  # filled by the client's thread
        self._number = 0
        self._futures: dict[str, Any] = {}  # of the tasks that run, by key
        self._over: list[Any] = []  # futures of tasks that have ended
        self._begun: dict[str, list[str]] = {}  # the Dask workers that have begun them
        client.subscribe_topic(self._topic, self._event)

    def do(self, portions: Sequence[Portion], budget: Budget) -> Iterator[Done]:
        """See `Crew`. It ends early, too, when the scheduler has gone. Raises BadCluster, WorkerFailed, BadScenario."""
        waiting, deaths = deque(range(len(portions))), Counter[int]()
        at: dict[str, int] = {}
        done: dict[int, Done] = {}
        given, most = 0, max(AHEAD, AHEAD * self._hosts.threads) if self._hosts.running else 0
        try:
            while given < len(portions) and not budget.spent():
                if not self._hosts.running:
                    self._gone()
                    return
                while waiting and len(self._futures) < most:
                    number = waiting.popleft()
                    at[self._submit(portions[number], deaths[number] == MOST_DEATHS - 1)] = number
                self._release()
                for key, what, about in self._heard():
                    if what == "begun":
                        self._begins(key, about)
                        continue
                    number = at[key]
                    self._forget(key)
                    outcome = self._outcome(number, about, deaths, self._begun.pop(key, []))
                    if outcome is None:
                        waiting.appendleft(number)
                    else:
                        done[number] = outcome
                self.lost += self._hosts.said
                self._hosts.said = []
                while given in done:
                    yield done.pop(given)
                    given += 1
        finally:
            for key in list(self._futures):
                self._forget(key)

    def close(self) -> None:
        """See `Crew`. The client and the cluster are whoever's who made them."""
        self._release()
        if self._hosts.running:
            self._client.unsubscribe_topic(self._topic)

    def _gone(self) -> None:
        said = f"the scheduler {self._hosts.address} has gone; this process does the rest"
        self.lost += [] if said in self.lost else [said]

    def _submit(self, portion: Portion, noted: bool) -> str:
        fitting = self._hosts.fitting()
        if fitting == []:
            raise BadCluster(self._hosts.nobody())
        self._number += 1
        key = f"{self._topic}-{self._number}"
        task = ExploringTask(key, self._topic, portion, noted, *self._more)
        future = self._futures[key] = self._client.submit(explore_portion, task, key=key, pure=False, workers=fitting)
        future.add_done_callback(lambda ended: self._client.loop.add_callback(self._fetch, key, ended))
        return key

    async def _fetch(self, key: str, future: Any) -> None:
        """In the client's thread: the result, without anybody waiting for it."""
        try:
            self._news.put((key, "ended", await future._result()))
        except BaseException as error:
            self._news.put((key, "ended", ("error", error)))

    def _event(self, event: tuple[float, dict[str, Any]]) -> None:
        self._news.put((event[1]["key"], "begun", event[1]["begun"]))

    def _heard(self) -> list[tuple[str, str, Any]]:
        """The news of tasks that run."""
        heard: list[tuple[str, str, Any]] = []
        try:
            heard.append(self._news.get(timeout=TICK))
            while True:
                heard.append(self._news.get_nowait())
        except Empty:
            return [(key, what, about) for key, what, about in heard if key in self._futures]

    def _begins(self, key: str, host: str) -> None:
        hosts = self._begun.setdefault(key, [])
        hosts.append(host)
        if len(hosts) > MOST_DEATHS:
            self._news.put((key, "ended", ("killed", None)))
        elif len(hosts) > 1:
            self.lost.append(f"the Dask worker {hosts[-2]} was lost; {host} does its portion again")

    def _outcome(self, number: int, answer: tuple[str, Any], deaths: "Counter[int]", hosts: list[str]) -> Done | None:
        """The outcome of a portion; None: it is to be done again. Raises BadCluster, WorkerFailed, BadScenario."""
        what, about = answer
        if what == "killed" or (what == "error" and isinstance(about, KilledWorker)):
            return Done(complete=False, killed=Death(f"ended its Dask worker, {', '.join(hosts[:MOST_DEATHS])}"))
        if what in ("error", "refused"):
            self._refused(what, about)
            return None
        if what not in ("lost", "unwanted"):
            return outcome_of(what, about)
        deaths[number] += 1
        died = about or Death("was cancelled by the cluster")
        if deaths[number] == MOST_DEATHS:
            return Done(complete=False, killed=died)
        self.lost.append(f"a worker {died}; another does its portion again")
        return None

    def _refused(self, what: str, about: Any) -> None:
        """A worker would not do a portion, or could not even read it."""
        if what == "refused":
            self._hosts.refuse(*about)
        elif self._hosts.running:  # else the scheduler has gone, which is seen next
            refused = self._hosts.refused
            self._hosts.greet()
            if self._hosts.refused == refused:
                raise about

    def _forget(self, key: str) -> None:
        future = self._futures.pop(key)
        if future.done():
            self._over.append(future)
        elif self._hosts.running:
            future.cancel()

    def _release(self) -> None:
        """Let go of what is over, once the next tasks are on their way: a client sends its messages at most every ten milliseconds, so that
        a layer would wait for that."""
        for future in self._over if self._hosts.running else ():
            future.release()
        self._over.clear()
