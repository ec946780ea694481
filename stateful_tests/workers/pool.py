"""Workers that do numbered tasks, one at a time each."""

from collections.abc import Callable
from functools import partial

from subwarden.processes.child import speaking
from subwarden.stateful_tests.workers.process import Process


class Pool:
    """Up to `most` processes that call `function` with `arguments`, started when they are needed."""

    def __init__(self, most: int, function: Callable[..., object], *arguments: object) -> None:
        self.busy: dict[Process, int] = {}  # the number of the task that each is at
        self._most = most
        self._new = partial(Process, function, *arguments)
        self._all: list[Process] = []

    def start(self, number: int) -> None:
        """Have at least `number` processes, as far as there may be."""
        while len(self._all) < min(number, self._most):
            self._all.append(self._new())

    @property
    def room(self) -> int:
        """How many more tasks can be begun now."""
        return self._most - len(self.busy)

    def free(self, needed: int) -> list[Process]:
        """Processes that have nothing to do, at most `needed`; they are started where there are none."""
        self.start(len(self.busy) + needed)
        return [process for process in self._all if process not in self.busy][:needed]

    def give(self, process: Process, number: int, message: object) -> None:
        """Let a free process begin the task `number`."""
        self.busy[process] = number
        process.send(message)

    def speaking(self, timeout: float) -> list[Process]:
        """Those at work that have something to say, or have died."""
        return speaking(self.busy, timeout)

    def end(self, process: Process) -> None:
        """End a process: another takes its place when it is needed."""
        self.busy.pop(process, None)
        self._all.remove(process)
        process.end()

    def close(self) -> None:
        """End all."""
        for process in list(self._all):
            self.end(process)
