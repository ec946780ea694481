"""The seam between a hunt and whoever carries its work: processes of this machine, or a cluster. A hunt knows no more of them than this.

A carrier is given assignments, one for each lane of the hunt, and hands back what their workers say. `worker` is the number of a lane.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Protocol

from subwarden.processes.child import speaking
from subwarden.stateful_tests.hunt.worker import Assignment, work
from subwarden.stateful_tests.workers.process import Process

LAST_WORDS = ("done", "bad", "failed", "paused")  # after which an assignment has ended, and is not lost
Heard = tuple[int, str, Any]  # the lane, the message, and what it is about


class Carrier(Protocol):
    """Carries assignments out."""

    gone: str | None  # why nothing can be carried any more, such as a scheduler that has died
    patience: float  # seconds that it needs, at most, until the last word of a worker is heard

    def start(self, worker: int, assignment: Assignment, hash_seed: int) -> int | str:
        """Begin `assignment`, which is that of no other worker any more. Returns its process, or its task."""

    def running(self) -> Collection[int]:
        """The lanes whose assignments have not ended."""

    def heard(self, timeout: float) -> Iterable[Heard]:
        """The messages since the last time, in order for each lane; waits up to `timeout` seconds for the first.

        Beside the messages of `worker.work`: ("lost", Death) of a worker that was killed, whose work is to be done again; ("early", Kept),
        a finding that is told once more; ("poisoned", Death) of work that killed every worker; ("retried", how) of work that another has
        taken; ("said", line).
        """

    def send(self, message: tuple[str, Any]) -> None:
        """Tell all that run: ("stop", None), or ("known", (Cause, Rank)), which may come late or never."""

    def close(self) -> None:
        """End all that runs."""


class LocalProcesses:
    """Processes of this machine: one for each lane, which does all its rounds, and is told and tells through a pipe of its own."""

    def __init__(self, memory: tuple[int | None, int]) -> None:
        """`memory`: as `worker.work` has it."""
        self._memory = memory
        self.gone: str | None = None
        self.patience = 0.0
        self._running: dict[Process, int] = {}
        self._started: list[Process] = []

    def start(self, worker: int, assignment: Assignment, hash_seed: int) -> int:
        """See `Carrier`. Returns the number of the process."""
        process = Process(work, assignment, self._memory, hash_seed=hash_seed)
        self._started.append(process)
        self._running[process] = worker
        return process.number

    def running(self) -> Collection[int]:
        """See `Carrier`."""
        return self._running.values()

    def heard(self, timeout: float) -> Iterator[Heard]:
        """See `Carrier`."""
        for process in speaking(self._running, timeout):
            worker = self._running[process]
            for message, about in process.said():
                over = message in (*LAST_WORDS, "lost")
                if over:
                    del self._running[process]
                yield worker, message, about
                if over:
                    break

    def send(self, message: tuple[str, Any]) -> None:
        """See `Carrier`."""
        for process in self._running:
            process.send(message)

    def close(self) -> None:
        """See `Carrier`."""
        for process in self._started:
            process.end()
