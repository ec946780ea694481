"""The Dask workers of a cluster, and which of them may take part: those with the same versions as this process."""

from typing import Any

import cloudpickle

from subwarden.stateful_tests.cluster import identity

FIRST_WITHIN = 10.0  # seconds in which a first worker must be there


class BadCluster(Exception):
    """A cluster that cannot be used; the message says why and how to mend it."""


class Hosts:
    """The workers of `client`'s scheduler. `said`: a line for each that is refused, for whoever tells it.

    Raises BadCluster if it has no worker, or none that can take part.
    """

    def __init__(self, client: Any) -> None:
        self.said: list[str] = []
        self.address: str = client.scheduler.address
        self.versions = identity.here()
        self._client = client
        self._refused: dict[str, str] = {}  # Dask workers, and why
        self._wait()
        self.greet()

    @property
    def threads(self) -> int:
        """Tasks that the cluster can do at once now."""
        return sum(int(each["nthreads"]) for address, each in self._all().items() if address not in self._refused)

    @property
    def refused(self) -> int:
        """How many are refused."""
        return len(self._refused)

    @property
    def running(self) -> bool:
        """Whether the scheduler is there."""
        return bool(self._client.status == "running")

    def fitting(self) -> list[str] | None:
        """The workers that a task may go to; None: any."""
        return [address for address in self._all() if address not in self._refused] if self._refused else None

    def greet(self) -> None:
        """Ask each worker for its versions, and refuse those that differ: by value, since they may not have this package."""
        cloudpickle.register_pickle_by_value(identity)
        try:
            answers = self._client.run(identity.here, on_error="return")
        finally:
            cloudpickle.unregister_pickle_by_value(identity)
        for address, answer in answers.items():
            versions = answer if isinstance(answer, dict) else {}
            differs = identity.difference(versions, self.versions)
            if differs is not None:
                self.refuse(address, differs)
        if answers and len(self._refused.keys() & answers.keys()) == len(answers):
            raise BadCluster(self.nobody())

    def refuse(self, address: str, why: str) -> None:
        """A worker is not to take part."""
        if address not in self._refused:
            self._refused[address] = why
            self.said.append(f"Dask worker {address} is refused: it has {why}")

    def nobody(self) -> str:
        """Why no worker is left."""
        each = "; ".join(f"{address} has {why}" for address, why in self._refused.items())
        return f"no worker of {self.address} can take part: {each}; install the same versions there"

    def _wait(self) -> None:
        """For a first worker: without any, a search would wait for ever and not say why."""
        try:
            self._client.wait_for_workers(1, timeout=FIRST_WITHIN)
        except TimeoutError:
            said = f"no worker has joined {self.address} within {FIRST_WITHIN:.0f} s"
            raise BadCluster(f"{said}; start one with `dask worker {self.address} --nthreads 1`") from None

    def _all(self) -> dict[str, Any]:
        found: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return found
