"""Tells a run: follows its schedule once more, slowly, and writes down for every step who did what, where it stands and what changed.

Text is computed here and nowhere before: a run that nobody asks about costs no words.
"""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.scheduling.handles import owner
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import EARLY, TIMER, Order, loop_for
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import Follower
from subwarden.scheduling.watchdog import BOUND, WATCHDOG, Blocked
from subwarden.stateful_tests.exploring.findings.investigate import IMPATIENT
from subwarden.stateful_tests.exploring.level import Factory, Level, Play, Program
from subwarden.stateful_tests.exploring.place import place

# of outside events, by the first word of their name
SAYS = {"start": "request arrives", "release": "may go on", "cancel": "is cancelled", "fail": "fails"}

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # of an object of the subject's, in what it raises or answers: another one in every run
SCHEDULER = "subwarden.scheduling."
FAKES = "subwarden.stateful_tests.subjects.core.environment"  # what an adapter's calls wait in, which is no place of its own


def tell(level: Level, factory: Factory, order: Order, program: Program, names: Sequence[str], cause: Cause) -> list[dict[str, Any]]:
    """The rows of the run's table: step, task, did (list), at (file:line or None), changed (list), broken (what `cause` broke here).

    Raises Divergence where the subject does something else now.
    """
    with controlled_locks(), WATCHDOG.guarded(IMPATIENT if cause == causes.BLOCKED else BOUND):
        loop = loop_for(order)
        loop.log = []  # before there is a judge, which keeps silent where nobody listens
        WATCHDOG.watch(loop)
        with loop.entered():
            play = level.play(factory, level.prepare(program), loop, level.new_graph(), set())
            rows = _Rows(play, Follower(LoopCandidates(loop, order), names), names, cause)
            try:
                with suppress(Blocked):  # outside of any task
                    run(loop, order, rows.follower, rows.stepped, every_choice=True)
                rows.follower.finish()
            except BaseException:  # it cannot be followed: nothing may be left to complain
                loop.abandon()
                play.let_go()
                raise
            rows.outside()
            if loop.blocked is None:
                play.finish()
            else:
                play.judge.violated(causes.BLOCKED, loop.blocked)
            rows.close()
            loop.abandon()
    return rows.rows


class _Rows:
    def __init__(self, play: Play, follower: Follower, names: Sequence[str], cause: Cause) -> None:
        self.rows: list[dict[str, Any]] = []
        assert play.loop.log is not None, "somebody must listen"
        self.log = play.loop.log
        self.follower = follower
        self._play = play
        self._names = names
        self._cause = cause
        self._teller = play.teller()
        self._told = 0  # names already told
        self._broken = False

    def outside(self, but: int = 0) -> None:
        """Rows for the outside events since the last step; `but` of the last names are steps."""
        for name in self._names[self._told : self.follower.at - but]:
            self._told += 1
            if name == EARLY:
                self._row("the clock", ["(a step takes so long that a timer is due)"], None, [])
            elif name != TIMER:
                kind, _, task = name.lstrip("+").partition(" ")
                said = SAYS.get(kind, kind)
                if kind == "fail" and " " in task:  # an answer that fails, see `scheduling.events.park`
                    kind, _, task = task.partition(" ")
                    said = f"instead of: {SAYS.get(kind, kind)}, it fails"
                self._row(task.split("@")[0], [f"({said})"], None, [])

    def stepped(self) -> bool:
        self.outside(but=1)
        self._told += 1
        self._play.judge.stepped()
        task = owner(self._play.loop.current)
        name = task.get_name() if task is not None else self._names[self._told - 1]
        did = [self._teller.say(*entry) for entry in self.log]
        self.log.clear()
        self._row(name, did, None if task is None or task.done() else where(task), self._teller.changes())
        self._mark()  # not after an outside event: what the step after it breaks may be known before the step ends
        return False

    def _row(self, task: str, did: list[str], at: str | None, changed: list[str]) -> None:
        did = [ADDRESS.sub("", said) for said in did]
        self.rows.append({"step": len(self.rows) + 1, "task": task, "did": did, "at": at, "changed": changed, "broken": []})

    def _mark(self) -> None:
        judge = self._play.judge
        if self._cause in judge.violations and not self._broken:
            self._broken = True
            detail = ADDRESS.sub("", judge.details[self._cause])
            said = f"{self._cause.property.name} {self._cause.property.title}: {self._cause.mechanism}"
            self.rows[-1]["broken"] = [said + (f" ({detail})" if detail else "")]

    def close(self) -> None:
        """What only the end shows is marked on the last row."""
        if self.rows:
            self._mark()


def where(task: "asyncio.Task[Any]") -> str | None:
    """Where `task` waits, as module:line of the innermost frame that is neither asyncio's, nor the scheduler's, nor of a fake of ours."""
    coroutine: Any = task.get_coro()
    at: str | None = None
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None) or getattr(coroutine, "ag_frame", None)
        if frame is None:
            break
        module = frame.f_globals.get("__name__", "?")
        if module.split(".")[0] != "asyncio" and not module.startswith(SCHEDULER) and module != FAKES:
            at = place(module, frame.f_lineno)
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None) or getattr(coroutine, "ag_await", None)
    return at
