"""Narrates a run: an observer that writes down, for every step, who did something, where it is suspended, and what changed.

Text is made here and nowhere before: a run that nobody narrates costs no words.
"""

import asyncio
import re
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.place import in_a_line, origin, place
from subwarden.reports.records.finding import StepRow
from subwarden.scheduling.handles import owner
from subwarden.scheduling.isolation.printed import lines_of
from subwarden.scheduling.order import EARLY, LATE, TIMER
from subwarden.stateful_tests.exploring.findings.actors import actor, quiet
from subwarden.stateful_tests.exploring.findings.where import WORLD, at_work, place_said, works_in
from subwarden.stateful_tests.exploring.level import Play
from subwarden.stateful_tests.exploring.observers import Observer

# of outside events, by the first word of their name
SAYS = {"start": "request arrives", "release": "resumes", "cancel": "is cancelled", "fail": "fails"}
OURS = ("subwarden.scheduling.", "subwarden.stateful_tests.exploring.")  # no code of theirs takes a lock of its own
TIMERS = {TIMER: "the next timer is due", EARLY: "a timer is due after a slow step", LATE: "a timer is due, as the network is slow"}

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # of an object of the subject's, in what it raises or answers: another one in every run


class Narration(Observer):
    """The table of one run that follows names. Ask for its `rows` when the run has ended."""

    def __init__(self) -> None:
        self._rows: list[StepRow] = []
        self._did: list[tuple[str, Any]] = []  # since the last step; worded when the step has run, as only then all locks have names
        self._raised_at: str | None = None  # since the last step
        self._chosen: list[str] = []  # names since the last step: outside events, then the step
        self._first_seen: dict[Cause, int] = {}  # cause -> the row that shows it first
        self._open: set[int] = set()  # the tasks whose calls have not ended
        self.alone = True  # no call has begun while another was open

    def rows(self, *causes: Cause) -> list[StepRow]:
        """A row for each step and outside event, as `StepRow`; the row where a cause shows first says so in `broken`."""
        rows = [row.copy() for row in self._rows]
        for cause in causes:
            if cause in self._first_seen and rows:
                row = rows[self._first_seen[cause]]
                row["broken"] = [*row["broken"], self.broken(cause)]
        return rows

    def broken(self, cause: Cause) -> str:
        """`cause` in words, with its evidence."""
        detail = self.detail(cause)
        return f"{cause.property.name} {cause.property.title}: {cause.said()}" + (f" ({detail})" if detail else "")

    def detail(self, cause: Cause) -> str:
        """The evidence of `cause`, in words: what the subject did, and what the model allows. Empty where `cause` itself says it."""
        detail = ADDRESS.sub("", self._narrator.explain(cause))
        return "" if detail in cause.said() else detail

    def printed(self) -> list[str]:
        """The last lines that the subject printed."""
        return lines_of(self._play.loop)

    @property
    def outside(self) -> bool:
        """Whether something of the simulated outside took part."""
        return self._play.loop.prompt

    # --- what happens

    def begun(self, play: Play) -> None:
        self._play = play
        self._narrator = play.narrator()
        play.loop.lock_listener = self._locked

    def chosen(self, name: str) -> None:
        self._chosen.append(name)

    def called(self, task: int, operation: Any) -> None:
        self.alone = self.alone and not self._open
        self._open.add(task)
        self._did.append(("calls", operation))

    def returned(self, task: int, operation: Any, answer: Any, last: bool = True) -> None:
        self._open.discard(task)
        self._did.append(("answers", (operation, answer)))

    def cancelled(self, task: int, operation: Any) -> None:
        self._open.discard(task)
        self.alone = False
        self._did.append(("is cancelled in", operation))

    def raised(self, task: int, operation: Any, error: BaseException) -> None:
        self._open.discard(task)
        self._did.append((f"raises {type(error).__name__} in", operation))
        found = origin(error)
        self._raised_at = None if found is None else place(*found)

    def delivered(self, client: Any, message: Any) -> None:
        self._did.append(("sends", (client, message)))

    def stepped(self) -> None:
        self._outside(self._chosen[:-1])
        task = owner(self._play.loop.current)
        did = [self._worded(*event) for event in self._did]
        self._did.clear()
        if task is not None and task.done() and not task.cancelled() and task._exception is not None:
            did.append(f"ends with {in_a_line(task._exception)}")  # to ask would be to retrieve it
        at = None if task is None or task.done() else place_said(task)
        handle = self._play.loop.current
        changed = self._narrator.changes()
        if task is None and not did and (does := quiet(handle)) is not None:
            self._row(actor(handle), [f"({does})"], at, changed, internal=True)
        else:
            self._row(actor(handle), did, at, changed)
        if self._raised_at is not None:
            self._rows[-1]["raised_at"], self._raised_at = self._raised_at, None
        self._mark()  # not after an outside event: the cause that the next step shows may be known before that step ends

    def closing(self) -> None:
        self._outside(self._chosen)
        self._mark()

    def closed(self, said: str) -> None:
        self._row("close", ["calls close()", *(self._worded(*event) for event in self._did), said], None, self._narrator.changes())
        self._did.clear()
        self._mark()

    def finished(self) -> None:
        self._outside(self._chosen)
        self._mark()  # on the last row: it shows at the end only

    # --- rows

    def _locked(self, verb: str, lock: asyncio.Lock) -> None:
        if not works_in(WORLD):
            self._did.append((verb, lock))
        elif verb == "waits for":  # a lock of our own hubs and clients, which serve each client in turn
            self._did.append((verb, None))
        places = getattr(self._play, "lock_places", None)
        if places is not None and id(lock) not in places:
            places[id(lock)] = at_work(OURS) or "?"

    def _worded(self, verb: str, about: Any) -> str:
        narrator = self._narrator
        if about is None:
            return f"{verb} its turn"
        if isinstance(about, asyncio.Lock):
            return narrator.lock(verb, about)
        if verb == "answers":
            return narrator.answer(*about)
        if verb == "sends":
            return narrator.message(*about)
        return narrator.call(verb, about)

    def _outside(self, names: list[str]) -> None:
        """Rows for the outside events since the last step."""
        for name in names:
            if name != TIMER:
                who, said = outside_said(name)
                self._row(who, [f"({said})"])
        self._chosen.clear()

    def _row(self, task: str, did: list[str], at: str | None = None, changed: list[str] | None = None, *, internal: bool = False) -> None:
        did = [ADDRESS.sub("", said) for said in did]
        row: StepRow = {"step": len(self._rows) + 1, "task": task, "did": did, "at": at, "changed": changed or [], "broken": []}
        if internal:
            row["internal"] = True
        self._rows.append(row)

    def _mark(self) -> None:
        for cause in self._play.judge.violations:
            self._first_seen.setdefault(cause, len(self._rows) - 1)


def outside_said(name: str) -> tuple[str, str]:
    """Who an outside event, by its `name` in schedules, concerns, and what happens."""
    if name in TIMERS:
        return "the clock", TIMERS[name]
    kind, _, task = name.lstrip("+").partition(" ")
    if kind not in SAYS:  # an event of the simulated world, such as `c1 reads` or `engine loads t1`
        return kind, task.split("@")[0]
    said = SAYS[kind]
    if kind == "fail" and " " in task:  # a call that fails instead of answering (`scheduling.events.park`)
        kind, _, task = task.partition(" ")
        said = "fails" if kind == "release" else f"fails instead: {SAYS.get(kind, kind)}"
    return task.split("@")[0], said
