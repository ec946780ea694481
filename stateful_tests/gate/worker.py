"""A worker of a gate: a process that does the tasks that it is given, and tells each finding as soon as it replays.

Its only tie to others is a pipe to the gate, so that it can be killed at any moment: all that it has told is known.
"""

from multiprocessing.connection import Connection
from time import monotonic
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.findings.investigate import NotReproducible, confirmed, make_small
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.gate.outcome import CheckOutcome
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.gate.tasks import SHARDS, Investigation, NotFound, Result, Shard, Task, Told
from subwarden.stateful_tests.runs.record import finding_record
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import blaming, load
from subwarden.stateful_tests.subjects.watched_load import BadSubject
from subwarden.stateful_tests.workers.begin import begin
from subwarden.stateful_tests.workers.crash import CrashNote
from subwarden.stateful_tests.workers.process import failure

LISTEN_EVERY = 0.02  # seconds between two looks into the pipe: whether to stop is asked between runs, many times a millisecond

BEST = (0, False)  # fifo without cancellation: no other order or check has better evidence


def work(pipe: "Connection[Any, Any]", memory: tuple[int | None, int], note: CrashNote) -> None:
    """The process. It is sent ("do", (Task, seconds or None)) and ("stop", None), which ends a task with the work done until then.

    It says ("begun", None), then ("did", schedules) and ("found", Told), ("ending", None) when a shard has been searched, and at the end of
    each task ("done", Result). After ("bad", why) or ("failed", traceback) it ends. So it does when the pipe is closed. `memory`:
    bytes, None for half of the machine's, and how many processes share them.
    """
    begin(note, memory)
    while True:
        try:
            message, about = pipe.recv()
        except (EOFError, OSError):
            return
        if message != "do":
            continue  # a stop that came after the task was done
        task, seconds = about
        try:
            pipe.send(("begun", None))
            pipe.send(("done", _Worker(pipe, seconds).do(task)))
        except BadSubject as bad:
            pipe.send(("bad", str(bad)))
            return
        except (EOFError, OSError):  # the gate has gone
            return
        except Exception as error:
            pipe.send(failure(error))
            return


class _Worker:
    """Does one task, within `seconds` or, for None, as much as it says."""

    def __init__(self, pipe: "Connection[Any, Any]", seconds: float | None) -> None:
        self._pipe = pipe
        self._stopped = False
        self._listened = monotonic()
        self._deadline = None if seconds is None else self._listened + seconds
        self._budget = Budget(self._spent)

    def do(self, task: Task) -> Result:
        with blaming(task.subject), running():
            return self._search(task) if isinstance(task, Shard) else self._investigate(task)

    def _spent(self) -> bool:
        now = monotonic()
        if now - self._listened >= LISTEN_EVERY:
            self._listened = now
            while self._pipe.poll():
                self._pipe.recv()  # only a stop is sent to a worker that is at work
                self._stopped = True
        return self._stopped or (self._deadline is not None and now >= self._deadline)

    def _search(self, shard: Shard) -> CheckOutcome:
        began, check = monotonic(), shard.check
        factory = load(shard.subject, check.level)

        def made(runner: Runner, cause: Cause, program: Any, names: list[str]) -> Finding[Any]:
            finding = confirmed(runner, cause, program, names)
            told = Told(finding, finding_record(shard.subject, finding, factory, script=False), False)
            WATCHDOG.watch(None)  # the gate may be slow to listen
            self._pipe.send(("found", told))
            return finding

        search = GateSearch(check, LEVELS[check.level], factory, shard.profile, self._budget, self._did, make=made, most=shard.most)
        number = shard.number
        while not search.over():
            search.round(number, shard.profile.examples // SHARDS)
            number += SHARDS
            if self._deadline is None:
                break
        outcome = search.finish()
        self._pipe.send(("ending", None))
        outcome.seconds = monotonic() - began
        return outcome

    def _did(self, schedules: int) -> None:
        WATCHDOG.watch(None)
        self._pipe.send(("did", schedules))

    def _investigate(self, task: Investigation) -> Told | NotFound:
        best: tuple[Finding[Any], bool] | None = None
        doubts: list[str] = []
        for raw in task.candidates:
            if best is not None and (best[0].rank()[:2] == BEST or self._budget.spent()):
                break
            runner = Runner(LEVELS[raw.level], load(task.subject, raw.level), raw.order)
            try:
                made = make_small(runner, raw.cause, raw.program, list(raw.names), self._budget)
            except NotReproducible as doubt:
                doubts.append(str(doubt))
                continue
            if best is None or made.finding.rank() < best[0].rank():
                best = made
        if best is None:
            return NotFound(tuple(dict.fromkeys(doubts)))
        finding, small = best
        factory = load(task.subject, finding.level)
        try:
            return Told(finding, finding_record(task.subject, finding, factory, script=not self._budget.spent()), small)
        except NotReproducible as doubt:
            return NotFound((f"{finding.id} was found, and does not show any more in the run that was kept of it ({doubt})",))
