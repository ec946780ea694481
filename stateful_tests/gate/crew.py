"""The worker processes of a gate, and the tasks that they do.

What a worker has told is known, however the worker ends. One that does not end when it must is killed: its subject is busy for ever, or
has taken the alarm that guards its runs, or the machine has hardly let it work.
"""

from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from subwarden.scheduling.isolation.memory import Memory, of_process, said
from subwarden.stateful_tests.gate.tasks import Result, Task
from subwarden.stateful_tests.gate.worker import work
from subwarden.stateful_tests.workers.pool import Pool
from subwarden.stateful_tests.workers.process import Process, WorkerFailed

TICK = 0.25  # seconds between two reports of progress
STOPPING = 2.0  # seconds that a worker has to end its task when it is told to stop
CLEAN_UP = 5.0  # seconds to send what was found by a search: garbage takes long on a busy machine, and the work would be lost
IDLE = 0.25  # of the time: a worker that was less of it on a processor was not kept by its subject's work
OVERTIME = 2.0  # seconds that a task may take longer than it was given; the subject may be in a step that takes long

Heard = Callable[[int, str, Any], object]
Wanted = Callable[[int], bool]


class GateCrew:
    """Up to `jobs` workers, which are started when they are needed, and end with `close`. `memory`: bytes that they may take together,
    None for half of the machine's.
    """

    def __init__(self, jobs: int, memory: int | None = None) -> None:
        self.died = ""  # how the first worker died that was killed, or ended by itself
        self.bad: str | None = None  # why the subject cannot be judged any more: the worker that says so has ended
        self.late = ""  # why a worker did not end in time, and was killed by us
        self._jobs = jobs
        self._memory = memory
        self._pool = Pool(jobs, work, (memory, jobs))
        self._until: dict[Process, float] = {}  # when it is killed
        self._begun: dict[Process, tuple[float, float | None]] = {}  # when it began with its task, and its processor time then
        self._given: dict[Process, float | None] = {}
        self._stopped: set[Process] = set()

    def begin(self) -> None:
        """Start all workers."""
        self._pool.start(self._jobs)

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
            for process in self._pool.free(len(waiting)):
                number, given = waiting.popleft(), seconds(len(waiting) + 1)
                self._given[process] = given
                self._pool.give(process, number, ("do", (tasks[number], given)))
            for process, number in self._pool.busy.items():
                if not wanted(number):
                    self._stop(process)
            if not self._pool.busy:
                return results
            for process in self._pool.speaking(TICK):
                number = self._pool.busy[process]
                for message, about in self._messages(process):
                    if message == "done":
                        results[number], done = about, done + 1
                    elif message == "begun":
                        self._begin(process)
                    elif message == "ending" and process in self._until:
                        self._until[process] += CLEAN_UP
                    heard(number, message, about)
            self._kill_the_late()
            tick(done)

    def close(self) -> None:
        """Leave no worker behind."""
        self._pool.close()

    def _stop(self, process: Process) -> None:
        if process not in self._stopped:
            self._stopped.add(process)
            process.send(("stop", None))
            self._until[process] = monotonic() + STOPPING

    def _messages(self, process: Process) -> list[tuple[str, Any]]:
        """All that a worker has said; the last is "done" at the end of its task. Raises WorkerFailed."""
        heard: list[tuple[str, Any]] = []
        for message, about in process.said():
            match message:
                case "bad":
                    self.bad = about
                    self._end(process)
                    break
                case "lost":
                    self.died = self.died or str(about)
                    self._end(process)
                case "failed":
                    raise WorkerFailed(about)
                case _:
                    heard.append((message, about))
            if message == "done":
                self._idle(process)
                break
        return heard

    def _begin(self, process: Process) -> None:
        """Its time runs from now: before, it had to load the harness."""
        given = self._given[process]
        self._begun[process] = monotonic(), process.worked()
        if given is not None and process not in self._stopped:
            self._until[process] = monotonic() + given + OVERTIME

    def _idle(self, process: Process) -> None:
        del self._pool.busy[process]
        self._until.pop(process, None)
        self._begun.pop(process, None)
        self._stopped.discard(process)

    def _end(self, process: Process) -> None:
        self._idle(process)
        self._pool.end(process)

    def _kill_the_late(self) -> None:
        for process in [process for process, until in self._until.items() if monotonic() >= until]:
            began, worked = self._begun.get(process, (0.0, None))
            now = process.worked()
            busy = None if worked is None or now is None else now - worked
            self.late = self._why_late(of_process(process.number), busy, monotonic() - began)
            self._end(process)

    def _why_late(self, taken: int | None, busy: float | None, time: float) -> str:
        """`taken`: the memory that the worker has; `busy`: its seconds of processor time in the `time` since it began."""
        if busy is not None and busy < IDLE * time:
            return f"it had {busy:.1f} s of processor time in {time:.1f} s, since the machine is busy, or the subject waits outside its run"
        share = Memory()
        share.allow(self._memory, self._jobs)
        most = share.limit()
        if taken is None or most is None or taken < most // 2:
            return "the subject is busy for ever"
        return f"the subject takes very much memory ({said(taken)}, and may take {said(most)}); free it"
