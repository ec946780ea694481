"""A worker of a hunt: a process that does rounds until it is told to stop, and tells each finding at once.

It shares nothing with the others: a pipe of its own leads to the hunt, so that killing it at any moment damages nothing of theirs (a lock
in shared memory, taken by a process that was killed, would never be released).

A round depends on seed, worker and round number alone. Only the findings that are known already, and so need not be looked into, may come
from other workers, and only where the hunt has no fixed number of rounds.

Where time decides, a round that has begun is over for a resumed hunt: done again, in sessions shorter than a round, it would never come to
the next. Where the number of rounds decides, it is done again, and counts only once it is finished. Either way no run counts twice: a run
that does would pass for proof that little is unseen.
"""

import gc
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from random import Random
from time import monotonic
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.black_box import BLACK_BOX
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.findings.investigate import NotReproducible
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.hunt.search import STEPS, Hunter, Memory, Rank
from subwarden.stateful_tests.hunt.work import Kept
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import blaming, load
from subwarden.stateful_tests.subjects.watched_load import BadSubject
from subwarden.stateful_tests.workers.begin import begin
from subwarden.stateful_tests.workers.crash import CrashNote
from subwarden.stateful_tests.workers.process import failure

TELL_EVERY = 0.5  # seconds
SMALL = 1 / 3  # of a session's time, for making findings small
EACH = 1 / 12  # for one
GRACE = 0.1  # of it, beyond its end, in which a finding may still be made smaller
BEGIN_WITH = (0, 2, 1, 3)  # which check, by worker: two workers are seldom at the same one


@dataclass(frozen=True, slots=True)
class Assignment:
    """The work of one worker. `deadline` is a moment of the monotonic clock; `rounds`: how many, None for as many as there is time for."""

    subject: str
    checks: tuple[Check, ...]
    seed: int
    worker: int
    first: int
    rounds: int | None
    deadline: float | None
    known: dict[Cause, Rank]
    unshrunk: tuple[Kept, ...] = ()
    memory: dict[str, Memory] = field(default_factory=dict)  # of the worker whose place it takes, by the name of the check
    budget: float | None = None  # seconds of the session; None where the number of rounds decides
    shrunk_for: float = 0.0  # seconds that the workers before it in this session took for making findings small
    pause: float | None = None  # seconds after which it ends between two rounds, for another to go on
    noted: bool = False  # whether each run is written down while it goes on, since workers before it have died


def check_of(checks: tuple[Check, ...], worker: int, number: int) -> Check:
    """The check of `worker` in its round `number`: all in turn."""
    return checks[(number + BEGIN_WITH[worker % len(BEGIN_WITH)]) % len(checks)]


class Gone(BaseException):
    """The hunt has died, so nobody listens. Not an Exception: it ends the worker in the middle of anything, and nothing may handle it."""


def work(pipe: "Connection[Any, Any]", assignment: Assignment, memory: tuple[int | None, int], note: CrashNote) -> None:
    """The process. It says ("ready", None), ("work", {check: Work}), ("found", Kept), ("bad" or "failed", why), and at its end
    ("done", None), or where its assignment has a pause ("paused", ({check: Memory}, seconds of making small)), for another to go on.

    Of rounds it says ("round", how many were begun) where time decides, else ("finished", (how many, check, Memory)).
    `memory`: bytes, None for half of the machine's, and how many processes share them.
    """
    begin(note, memory)
    if assignment.noted:
        BLACK_BOX.open(note.black_box)
    with suppress(BrokenPipeError, ConnectionResetError):  # the hunt has died meanwhile: nobody listens to the last word
        pipe.send(_last_word(assignment, pipe))


class _Nobody:
    """A pipe that leads nowhere."""

    def send(self, message: object) -> None:
        """Nobody hears it."""

    def poll(self) -> bool:
        """Nobody says anything."""
        return False


def rehearse(assignment: Assignment) -> None:
    """Do an assignment for nobody, in a process that may die of it."""
    _last_word(assignment, _Nobody())  # type: ignore[arg-type]  # it has what a worker calls


def _last_word(assignment: Assignment, pipe: "Connection[Any, Any]") -> tuple[str, Any]:
    """Hunt; what the worker says at its end. Raises BrokenPipeError where the hunt has died."""
    try:
        return _Worker(assignment, pipe).hunt()
    except BadSubject as bad:
        return "bad", str(bad)
    except Gone:
        raise BrokenPipeError from None
    except Exception as error:
        return failure(error)


class _Worker:
    def __init__(self, assignment: Assignment, pipe: "Connection[Any, Any]") -> None:
        self._assignment = assignment
        self._pipe = pipe
        self._known = dict(assignment.known)
        self._stopped = False
        self._told = monotonic()
        self._hunters: dict[str, Hunter] = {}
        self._shrunk_for = assignment.shrunk_for

    def hunt(self) -> tuple[str, Any]:
        """All rounds, or those until the pause. Returns the last message."""
        a, began = self._assignment, monotonic()
        paused = False
        with blaming(a.subject), running():
            graphs = {check.level: LEVELS[check.level].new_graph() for check in a.checks}
            for check in a.checks:
                level, factory = LEVELS[check.level], load(a.subject, check.level)
                budget, graph = Budget(self._enough), graphs[check.level]
                hunter = Hunter(check, level, factory, self._known.get, self._found, budget, self._shrinking, graph=graph)
                if check.name in a.memory:
                    hunter.remember(a.memory[check.name])
                self._hunters[check.name] = hunter
            self._say("ready", None)  # it has begun: one that dies before this has no subject to blame
            self._finish_shrinking(a.unshrunk)
            for number in count(a.first):
                if self._enough() or (a.rounds is not None and number >= a.first + a.rounds):
                    break
                if paused := number > a.first and a.pause is not None and monotonic() - began >= a.pause:
                    break
                check = check_of(a.checks, a.worker, number)
                steps = STEPS[number // len(a.checks) % len(STEPS)]
                if a.rounds is None:
                    self._say("round", number + 1)
                hunter = self._hunters[check.name]
                hunter.round(Random(f"{a.seed} {a.worker} {number}").getrandbits(32), steps)
                WATCHDOG.watch(None)
                if not self._enough():
                    self._tell()
                    if a.rounds is not None:
                        self._say("finished", (number + 1, check.name, hunter.memory()))
                gc.collect()  # the circles that Hypothesis leaves; nobody else collects them, and seldom is no cheaper
            self._tell()
        if not paused:
            return "done", None
        return "paused", ({name: hunter.memory() for name, hunter in self._hunters.items()}, self._shrunk_for)

    def _finish_shrinking(self, unshrunk: tuple[Kept, ...]) -> None:
        """Shrink the findings that an earlier session left as they were found."""
        for kept in unshrunk:
            finding = kept.finding
            fitting = [hunter for hunter in self._hunters.values() if hunter.explorer.check.level == finding.level]
            here = Check(finding.order, finding.cancellation, finding.level)
            hunter = next((hunter for hunter in fitting if hunter.explorer.check == here), *fitting[:1])
            try:
                hunter.shrink(kept)
            except NotReproducible as doubt:
                hunter.work.doubts.append(str(doubt))

    def _found(self, kept: Kept) -> None:
        order, cancellation, _ = kept.finding.rank()
        self._known[kept.finding.cause] = (order, cancellation)
        self._say("found", kept)

    def _tell(self) -> None:
        self._told = monotonic()
        self._say("work", {name: hunter.take() for name, hunter in self._hunters.items()})

    def _say(self, message: str, about: object) -> None:
        WATCHDOG.watch(None)  # the hunt may be slow to listen
        try:
            self._pipe.send((message, about))
        except OSError:
            raise Gone from None

    def _listen(self) -> None:
        while self._pipe.poll():
            try:
                message, about = self._pipe.recv()
            except (EOFError, OSError):
                raise Gone from None
            if message == "stop":
                self._stopped = True
            else:
                cause, rank = about
                if cause not in self._known or rank < self._known[cause]:
                    self._known[cause] = rank

    def _enough(self) -> bool:
        """Asked between runs: listens, tells the work from time to time, and says whether to stop."""
        self._listen()
        now = monotonic()
        if now - self._told >= TELL_EVERY:
            self._tell()
        return self._stopped or (self._assignment.deadline is not None and now >= self._assignment.deadline)

    def _shrinking(self) -> Budget:
        """The budget of making one finding small: what it does not reach is left to the next session."""
        seconds, deadline = self._assignment.budget, self._assignment.deadline
        began, before = monotonic(), self._shrunk_for

        def spent() -> bool:
            self._listen()
            if seconds is None or deadline is None:
                return self._stopped
            now = monotonic()
            self._shrunk_for = before + now - began
            return (
                self._stopped or now >= deadline + GRACE * seconds or now - began >= EACH * seconds or self._shrunk_for >= SMALL * seconds
            )

        return Budget(spent)
