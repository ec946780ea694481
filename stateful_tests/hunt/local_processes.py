"""Carries a hunt on the cores of this machine: a process for each lane, which is told and tells through a pipe of its own."""

from collections.abc import Collection, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from subwarden.scheduling import string_hash
from subwarden.stateful_tests.hunt.carrier import LAST_WORDS, Heard
from subwarden.stateful_tests.hunt.worker import Assignment, work


class LocalProcesses:
    """See `Carrier`. A lane's process does all its rounds."""

    def __init__(self, memory: tuple[int | None, int]) -> None:
        """`memory`: as `worker.work` has it."""
        self._memory = memory
        self.gone: str | None = None
        self.patience = 0.0
        self._pipes: dict[Connection[Any, Any], int] = {}
        self._processes: dict[int, Any] = {}

    def start(self, worker: int, assignment: Assignment, hash_seed: int) -> int:
        """See `Carrier`. Returns the number of the process."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(assignment, theirs, self._memory), daemon=True)
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

    def _end_of(self, worker: int) -> str:
        process = self._processes[worker]
        process.join()
        return ended(process.exitcode or 0)


def ended(code: int) -> str:
    """How a process ended, from its exit code as Python gives it."""
    return f"was killed (signal {-code})" if code < 0 else f"ended with exit code {code}"
