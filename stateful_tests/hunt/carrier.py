"""The seam between a hunt and whoever carries its work: processes of this machine, or a cluster. A hunt knows no more of them than this.

A carrier is given assignments, one for each lane of the hunt, and hands back what their workers say. `worker` is the number of a lane.
"""

from collections.abc import Collection, Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from subwarden.scheduling import string_hash
from subwarden.stateful_tests.exploring.crash import CrashNote, Death
from subwarden.stateful_tests.hunt.worker import Assignment, work

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
        self._pipes: dict[Connection[Any, Any], int] = {}
        self._processes: dict[int, Any] = {}
        self._notes: dict[int, CrashNote] = {}

    def start(self, worker: int, assignment: Assignment, hash_seed: int) -> int:
        """See `Carrier`. Returns the number of the process."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        note = self._notes[worker] = CrashNote()
        process = context.Process(target=work, args=(assignment, theirs, self._memory, note), daemon=True)
        with string_hash.of_children(hash_seed):
            process.start()
        theirs.close()  # so that its end is seen as soon as it dies
        self._pipes[ours] = worker
        self._processes[worker] = process
        return int(process.pid or 0)

    def running(self) -> Collection[int]:
        """See `Carrier`."""
        return self._pipes.values()

    def heard(self, timeout: float) -> Iterator[Heard]:
        """See `Carrier`."""
        for pipe in wait(list(self._pipes), timeout=timeout):
            yield from self._messages(pipe)  # type: ignore[arg-type]  # it was given nothing else

    def send(self, message: tuple[str, Any]) -> None:
        """See `Carrier`."""
        for pipe in list(self._pipes):
            try:
                pipe.send(message)
            except OSError:
                continue  # it has died, which is seen when it is listened to

    def close(self) -> None:
        """See `Carrier`."""
        for process in self._processes.values():
            process.kill()
            process.join()
        for note in self._notes.values():
            note.close()

    def _messages(self, pipe: "Connection[Any, Any]") -> Iterator[Heard]:
        worker = self._pipes[pipe]
        while True:
            try:
                if not pipe.poll():
                    return
                message, about = pipe.recv()
            except (EOFError, OSError):
                del self._pipes[pipe]
                yield worker, "lost", self._end_of(worker)
                return
            if message in LAST_WORDS:
                del self._pipes[pipe]
            yield worker, message, about
            if message in LAST_WORDS:
                return

    def _end_of(self, worker: int) -> Death:
        return self._notes[worker].of_child(self._processes[worker])
