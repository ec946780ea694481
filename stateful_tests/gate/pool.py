"""The worker processes of a gate, and the tasks that they do.

What a worker has told is known, however the worker ends. One that does not end when it must is killed: its subject is busy for ever, or
has taken the alarm that guards its runs.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any, cast

from subwarden.scheduling.isolation.memory import Memory, of_process, said
from subwarden.stateful_tests.exploring.crash import CrashNote
from subwarden.stateful_tests.exploring.signals import ENDING, ignoring
from subwarden.stateful_tests.gate.tasks import Result, Task
from subwarden.stateful_tests.gate.worker import work

TICK = 0.25  # seconds between two reports of progress
STOPPING = 2.0  # seconds that a worker has to end its task when it is told to stop
CLEAN_UP = 5.0  # seconds to send what was found by a search: garbage takes long on a busy machine, and the work would be lost
OVERTIME = 2.0  # seconds that a task may take longer than it was given; the subject may be in a step that takes long

Heard = Callable[[int, str, Any], object]
Wanted = Callable[[int], bool]


class WorkerFailed(Exception):
    """A worker stopped at an error of ours; the message is its traceback."""


class Pool:
    """Up to `jobs` workers, which are started when they are needed, and end with `close`. `memory`: bytes that they may take together,
    None for half of the machine's.
    """

    def __init__(self, jobs: int, memory: int | None = None) -> None:
        self.died = ""  # how the first worker died that was killed, or ended by itself
        self.bad: str | None = None  # why the subject cannot be judged any more: the worker that says so has ended
        self.late = ""  # why a worker did not end in time, and was killed by us
        self._jobs = jobs
        self._memory = memory
        self._processes: dict[Connection[Any, Any], Any] = {}
        self._notes: dict[Connection[Any, Any], CrashNote] = {}
        self._busy: dict[Connection[Any, Any], int] = {}  # the task that each is at
        self._until: dict[Connection[Any, Any], float] = {}  # when it is killed
        self._given: dict[Connection[Any, Any], float | None] = {}
        self._stopped: set[Connection[Any, Any]] = set()

    def begin(self) -> None:
        """Start all workers."""
        while len(self._processes) < self._jobs:
            self._start()

    def do(
        self,
        tasks: Sequence[Task],
        seconds: Callable[[int], float | None],
        heard: Heard,
        wanted: Wanted,
        tick: Callable[[int], object],
    ) -> list[Result | None]:
        """The results of `tasks`, which are begun in order; None for one that was not begun or whose worker died.

        `seconds(left)`: the time for a task that is begun while `left` are to be begun, itself among them. `heard(task, message, about)`
        is told what workers say meanwhile. A task that is not `wanted(task)` any more is stopped, and leaves what it has done, or is not
        begun. `tick(tasks done)` is called a few times a second. Raises WorkerFailed.
        """
        results: list[Result | None] = [None] * len(tasks)
        waiting = deque(range(len(tasks)))
        done = 0
        while True:
            waiting = deque(number for number in waiting if wanted(number))
            for pipe in [*self._free(len(waiting))]:
                number, given = waiting.popleft(), seconds(len(waiting) + 1)
                self._send(pipe, ("do", (tasks[number], given)))
                self._busy[pipe], self._given[pipe] = number, given
            for pipe, number in self._busy.items():
                if not wanted(number):
                    self._stop(pipe)
            if not self._busy:
                return results
            for pipe in cast("list[Connection[Any, Any]]", wait(list(self._busy), timeout=TICK)):
                number = self._busy[pipe]
                for message, about in self._messages(pipe):
                    if message == "done":
                        results[number], done = about, done + 1
                    elif message == "begun":
                        self._begin(pipe)
                    elif message == "ending" and pipe in self._until:
                        self._until[pipe] += CLEAN_UP
                    heard(number, message, about)
            self._kill_the_late()
            tick(done)

    def close(self) -> None:
        """Leave no worker behind."""
        for process in self._processes.values():
            process.kill()
        for pipe, process in self._processes.items():
            process.join()
            pipe.close()
            self._notes.pop(pipe).close()
        self._processes = {}

    def _free(self, needed: int) -> "list[Connection[Any, Any]]":
        """Workers that have nothing to do, at most `needed`; they are started where there are none."""
        free = [pipe for pipe in self._processes if pipe not in self._busy]
        while len(free) < needed and len(self._processes) < self._jobs:
            free.append(self._start())
        return free[:needed]

    def _start(self) -> "Connection[Any, Any]":
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        note = self._notes[ours] = CrashNote()
        process = context.Process(target=work, args=(theirs, (self._memory, self._jobs), note), daemon=True)
        with _ignoring_the_end():  # inherited: a worker must not die of it before it can ignore it itself
            process.start()
        theirs.close()  # so that its end is seen as soon as it dies
        self._processes[ours] = process
        return ours

    def _stop(self, pipe: "Connection[Any, Any]") -> None:
        if pipe not in self._stopped:
            self._stopped.add(pipe)
            self._send(pipe, ("stop", None))
            self._until[pipe] = monotonic() + STOPPING

    def _send(self, pipe: "Connection[Any, Any]", message: tuple[str, Any]) -> None:
        with suppress(OSError):  # it has died, which is seen when it is listened to
            pipe.send(message)

    def _messages(self, pipe: "Connection[Any, Any]") -> list[tuple[str, Any]]:
        """All that a worker has said; the last is "done" at the end of its task. Raises WorkerFailed."""
        heard: list[tuple[str, Any]] = []
        try:
            while pipe.poll():
                message, about = pipe.recv()
                if message == "bad":
                    self.bad = about
                    self._end(pipe)
                    break
                if message == "failed":
                    raise WorkerFailed(about)
                heard.append((message, about))
                if message == "done":
                    self._idle(pipe)
                    break
        except (EOFError, OSError):
            self.died = self.died or str(self._notes[pipe].of_child(self._processes[pipe]))
            self._end(pipe)
        return heard

    def _begin(self, pipe: "Connection[Any, Any]") -> None:
        """Its time runs from now: before, it had to load the harness."""
        given = self._given[pipe]
        if given is not None and pipe not in self._stopped:
            self._until[pipe] = monotonic() + given + OVERTIME

    def _idle(self, pipe: "Connection[Any, Any]") -> None:
        del self._busy[pipe]
        self._until.pop(pipe, None)
        self._stopped.discard(pipe)

    def _end(self, pipe: "Connection[Any, Any]") -> None:
        self._idle(pipe)
        process = self._processes.pop(pipe)
        process.kill()
        process.join()
        pipe.close()
        self._notes.pop(pipe).close()

    def _kill_the_late(self) -> None:
        for pipe in [pipe for pipe, until in self._until.items() if monotonic() >= until]:
            self.late = self._why_late(of_process(self._processes[pipe].pid))
            self._end(pipe)

    def _why_late(self, taken: int | None) -> str:
        """`taken`: the memory that the worker has."""
        share = Memory()
        share.allow(self._memory, self._jobs)
        most = share.limit()
        if taken is None or most is None or taken < most // 2:
            return "the subject is busy for ever"
        return f"the subject takes very much memory ({said(taken)}, and may take {said(most)}); free it"


def _ignoring_the_end() -> AbstractContextManager[None]:
    return ignoring(ENDING) if threading.current_thread() is threading.main_thread() else nullcontext()
