"""Tells one run of a scenario: for every step the task, the lines that ran, what it waits for; then why the run fails."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from subwarden.checking.scenario.judge import ScenarioJudge
from subwarden.checking.scenario.names import Names
from subwarden.checking.scenario.places import Spot, raised_at, root_of, said, spot_of
from subwarden.checking.scenario.waits import waits
from subwarden.reports.html.trace_record import Mark
from subwarden.reports.records.exploration import ScenarioRow
from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.handles import owner
from subwarden.scheduling.isolation.installed import own
from subwarden.scheduling.isolation.printed import lines_of
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import EARLY, LATE, TIMER
from subwarden.scheduling.run import Choose
from subwarden.stateful_tests.exploring.findings.actors import quiet
from subwarden.stateful_tests.subjects.scenario.due import ends
from subwarden.stateful_tests.subjects.scenario.explain import Ended, Woken, explain, words
from subwarden.stateful_tests.subjects.scenario.picture import Look, Picture
from subwarden.stateful_tests.subjects.scenario.play import VALUE
from subwarden.stateful_tests.subjects.scenario.tracing import Line, Lines, few

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
INTERRUPTS = {"cancel": "is cancelled here", "fail": "its call fails here"}
_ASYNCIO = os.path.dirname(asyncio.__file__) + os.sep
MARKS: dict[str, Mark] = {"cancel": "cancelled", "fail": "failed"}


class _Picked(NamedTuple):
    """What comes next. `due`: what fifo would have done; `deviates`: whether that is another; `seconds`: until the next timer, and what
    that one is for.
    """

    name: str
    due: str
    deviates: bool
    seconds: float = 0.0
    timer: str = ""


class Narration:
    """A listener of one run (`play.ScenarioRunner.run`). Ask for `rows`, `title` and `evidence` when it has ended."""

    def __init__(self, *, impatient: bool = False, picture: Picture | None = None) -> None:
        self.impatient = impatient  # whether a step that blocks is to be interrupted: to write a run down takes long, too
        self.rows: list[ScenarioRow] = []
        self.title = ""
        self.at: str | None = None  # where the error was raised, if there is one
        self.root: str | None = None  # the exception that it comes of, and where that was raised
        self.outside = False  # whether something of the simulated outside took part
        self.ended_at = 0.0  # seconds of virtual time
        self.evidence: list[str] = []
        self.schedule: list[str] = []  # the names of all that happened
        self.moved: set[str] = set()  # the tasks that a deviation concerns
        self._picture = picture
        self._lines = Lines()
        self.slowest = 0.0  # seconds of virtual time of the slowest step
        self._pending: list[_Picked] = []  # since the last step
        self.printed: list[str] = []  # the last lines that the scenario printed
        self._taken: dict[int, tuple[Any, Spot | None, int]] = {}  # lock -> the task that took it last, where, in which step
        self._woken: list[Woken] = []
        self._last: Spot | None = None  # the last line of the user's that ran
        self._look: Look | None = None  # how it was after the outside event that is being told

    def choosing(self, choose: Choose) -> Callable[[Candidates], Choose]:
        """`choose`, with everything that it picks written down. For a run with `every_choice`."""

        def make(candidates: Candidates) -> Choose:
            def chosen(n: int) -> int:
                pick = choose(n) if n > 1 else 0
                names = candidates.names()
                self.chosen(names[pick], names[0], pick > 0)
                return pick

            return chosen

        return make

    def chosen(self, name: str, due: str, deviates: bool) -> None:
        """`name` comes next. `due`: what fifo would have done; `deviates`: whether that is another."""
        if self._picture is not None and self._pending:
            self._picture.early.append(self._picture.look())
        picked = _Picked(name, due, deviates)
        if name in (EARLY, LATE, TIMER) and self._loop.has_timers():
            first = self._loop.timers[0]
            picked = picked._replace(seconds=first._when - self._loop._now, timer=ends(first, self.names, self._loop.tasks))
        self._pending.append(picked)
        self.schedule.append(name)

    def told(self) -> int:
        """The number of rows of all that has happened: an outside event gets its row when the next step has run."""
        return len(self.rows) + sum(_is_outside(name) and (name != TIMER or deviates) for name, _, deviates, *_ in self._pending)

    # --- told by the run

    def begun(self, loop: ControlledLoop, judge: ScenarioJudge) -> None:
        self._loop, self._judge = loop, judge
        self.names = Names(loop)
        loop.lock_listener = self._locked
        if self._picture is not None:
            self._picture.begun(loop, judge, self.names)

    def stepping(self, stepped: Callable[[], bool]) -> Callable[[], bool]:
        """`stepped`, with a row for each step."""

        def told() -> bool:
            spots = self._lines.take()
            stop = stepped()
            self._lines.take()  # of conditions, which are no part of the step
            self._row(spots)
            return stop

        return told

    def paused(self) -> None:
        """The run stops here: rows for all that has happened between steps."""
        self._outside(self._pending)

    def finished(self) -> None:
        self.outside = self._loop.prompt
        self._outside(self._pending)
        if self._picture is not None:
            self._picture.ended()
        self.ended_at = self._loop.time()
        self.printed = lines_of(self._loop)  # now: what its end still prints is no part of the run
        failure = self._judge.failure
        if failure is not None:
            told = explain(Ended(failure, self._judge.error, self._loop, self.names, self._judge, self._taken, self._woken, self._last))
            spots = [] if self._judge.error is None else raised_at(self._judge.error)
            self.at = spots[-1].at() if spots else None
            self.root = None if self._judge.error is None else root_of(self._judge.error)
            self.title, self.evidence = ADDRESS.sub("", told[0]), [ADDRESS.sub("", line) for line in told[1]]

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Around the run."""
        with self._lines.tracing(), _wakeups(self._heard):
            yield

    # --- rows

    def _row(self, spots: list[Line]) -> None:
        self.names.learn()
        self._last = spots[-1].spot if spots else self._last
        steps = [at for at, (name, *_) in enumerate(self._pending) if not _is_outside(name)]
        at = steps[0] if steps else len(self._pending)
        before, step, values = self._pending[:at], self._pending[at : at + 1], self._pending[at + 1 :]
        self._pending = []
        self._outside(before)
        task = owner(self._loop.current)
        name, due, deviates, *_ = step[0] if step else _Picked("", "", False)
        did = [f"choose gives {value.removeprefix(VALUE)}" for value, *_ in values]
        if task is None:
            who = "callback"
            if not spots and not did and not deviates:  # asyncio's own housekeeping
                return
            did.append(quiet(self._loop.current) or name)
        else:
            who = self.names.task(task)
            if task.done():
                if not (spots or did or deviates) and _is_housekeeping(task):
                    return
                did.append(_ending(task))
                if self._picture is not None and task.cancelled():
                    self._picture.mark("cancelled")
        if deviates:
            self.moved.add(who)
        if not spots and not did and not deviates:
            did = [] if task is None else self._waiting(task)
            if not did:
                return
        elif task is not None and not task.done():
            did += self._waiting(task)
        self._add(who, did, spots, f"before {self._due(due)}, whose turn it was" if deviates else "")

    def _outside(self, events: list[_Picked]) -> None:
        """Rows for what happens between steps."""
        picture = self._picture
        looks = [] if picture is None else picture.early
        for at, (name, due, deviates, seconds, timer) in enumerate(events):
            self._look = looks[at] if at < len(looks) else None
            if picture is not None:
                picture.delivers(name)
            if name == EARLY:
                self.slowest = max(self.slowest, seconds)
                self._add("the clock", [], [], f"a step takes {seconds:.3g} s, so that {timer}")
            elif name == LATE:
                self._add("the clock", [], [], f"what is on its way takes {seconds:.3g} s, so that {timer}")
            elif name == TIMER:
                if deviates:
                    self._add("the clock", [], [], timer)
            elif name.startswith("+"):
                kind, _, task = name[1:].partition(" ")
                if kind not in INTERRUPTS:  # of the simulated outside: `client1 delivers 5 bytes to localhost:80`
                    if deviates:
                        self.moved.add(kind)
                    self._add(kind, [task.split("@", maxsplit=1)[0]], [], f"before {self._due(due)}, whose turn it was" if deviates else "")
                    continue
                who = self._due(task)
                self.moved.add(who)
                if picture is not None:
                    picture.mark(MARKS[kind])
                self._add(who, [], [], INTERRUPTS[kind])
        events.clear()
        self._look = None
        looks.clear()

    def _due(self, name: str) -> str:
        return self.names.by_schedule().get(name.split("@", maxsplit=1)[0], name.removeprefix("+").split("@", maxsplit=1)[0])

    def _add(self, who: str, did: list[str], ran: list[Line], deviates: str) -> None:
        lines = few(ran)
        did = [ADDRESS.sub("", text) for text in did]
        self.rows.append({"step": len(self.rows) + 1, "task": who, "lines": lines, "did": did, "deviates": deviates})
        if self._picture is not None:
            self._picture.row(who, self._look)

    def _waiting(self, task: "asyncio.Task[Any]") -> list[str]:
        if any(owner(handle) is task for handle in self._loop.ready):
            return []
        found = next((wait for wait in waits(self._loop) if wait.task is task), None)
        return [] if found is None or found.kind in ("future", "timer") else [words(found, self.names)]

    # --- what tasks do to locks, events and conditions

    def _locked(self, verb: str, lock: asyncio.Lock) -> None:
        frame = sys._getframe(1)
        self.names.learn_thing(lock, frame)
        if self._picture is not None:
            self._picture.used(verb, lock)
        if verb == "takes":
            self._taken[id(lock)] = (asyncio.current_task(self._loop), _user_spot(frame), len(self.rows) + 1)

    def _heard(self, call: str, thing: Any, waiting: int) -> None:
        frame = sys._getframe(2)
        self.names.learn_thing(thing, frame)
        task = asyncio.current_task(self._loop)
        who = "a callback" if task is None else self.names.task(task)
        self._woken.append(Woken(call, thing, waiting, who, _user_spot(frame), len(self.rows) + 1))


def _is_outside(name: str) -> bool:
    return name.startswith("+") or name in (EARLY, LATE, TIMER)


def _is_housekeeping(task: "asyncio.Task[Any]") -> bool:
    """Whether it is one that asyncio starts for itself, such as `_accept_connection2`, and has ended well."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and code.co_name.startswith("_") and code.co_filename.startswith(_ASYNCIO) and task._exception is None


def _ending(task: "asyncio.Task[Any]") -> str:
    if task.cancelled():
        return "ends: cancelled"
    error = task._exception  # CPython's own: to ask for `exception()` would be to retrieve it
    if error is not None:
        return f"raises {said(error)}"
    result = task.result()
    return "returns" if result is None else f"returns {repr(result)[:60]}"


def _user_spot(frame: Any) -> Spot | None:
    while frame is not None and not own(frame.f_code.co_filename):
        frame = frame.f_back
    return None if frame is None else spot_of(frame)


@contextmanager
def _wakeups(heard: Callable[[str, Any, int], None]) -> Iterator[None]:
    """While open, `heard` is told of every `set` of an event and every `notify` of a condition, with the number of those who wait."""
    stock_set, stock_notify = asyncio.Event.set, asyncio.Condition.notify

    def event_set(self: asyncio.Event) -> None:
        heard("set", self, len(self._waiters))
        stock_set(self)

    def notify(self: asyncio.Condition, n: int = 1) -> None:
        heard("notify", self, len(self._waiters))
        stock_notify(self, n)

    asyncio.Event.set, asyncio.Condition.notify = event_set, notify  # type: ignore[method-assign]
    try:
        yield
    finally:
        asyncio.Event.set, asyncio.Condition.notify = stock_set, stock_notify  # type: ignore[method-assign]
