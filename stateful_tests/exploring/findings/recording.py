"""Records a run for pictures: an observer that writes down the state, the places, the locks and the wake-ups behind each row of its table.

It looks at much more than a narrator does, so it hears only the one replay of a confirmed finding. Its moments keep step with the rows of
`exploring.findings.narrate`: one for each outside event and each step, and one before the first.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from subwarden.checking.place import place_in
from subwarden.reports.html.trace_record import (
    ArrowRecord,
    LaneKind,
    LockRecord,
    Mark,
    MomentRecord,
    PlaceRecord,
    RunTraceRecord,
    StateRecord,
)
from subwarden.reports.records.finding import StepRow
from subwarden.scheduling.handles import name_of, owner
from subwarden.scheduling.order import TIMER
from subwarden.stateful_tests.exploring.findings.actors import task_said
from subwarden.stateful_tests.exploring.findings.lanes import lane_records, lock_records
from subwarden.stateful_tests.exploring.findings.source_lines import place_record
from subwarden.stateful_tests.exploring.findings.where import at_work, suspended_in
from subwarden.stateful_tests.exploring.level import Play
from subwarden.stateful_tests.exploring.observers import Observer

HARNESS = "subwarden.stateful_tests."
OURS = ("subwarden.scheduling.", HARNESS)
CLIENT = re.compile(r"c\d+")
LISTENER = "listener "
Received = Callable[[], Mapping[Any, Sequence[object]] | None]


class Recording(Observer):
    """The trace of one run that follows names. Ask for its `trace` when the run has ended."""

    def __init__(self) -> None:
        self.row_of: list[int] = []  # of each name of the schedule: the number of rows before it
        self._moments: list[MomentRecord] = []
        self.places: dict[str, PlaceRecord] = {}
        self._last: tuple[StateRecord, dict[str, str], list[LockRecord]] | None = None
        self._arrows: list[ArrowRecord] = []
        self._marks: list[Mark] = []
        self._used: list[tuple[str, asyncio.Lock]] = []
        self._worked_at: str | None = None
        self._outside: str | None = None  # the name that was chosen last, until it is known to be a step
        self._ready: set[str] = set()  # the tasks that were ready at the last moment
        self._known = 0  # tasks of the loop at the last moment
        self._got: dict[Any, int] = {}
        self._lanes: dict[str, LaneKind] = {}  # in order of appearance
        self._lock_lanes: dict[int, str] = {}  # by identity: a lock lives as long as its run

    # --- what happens

    def begun(self, play: Play) -> None:
        self._play = play
        self._narrator = play.narrator()
        self.model = self._narrator.moves()
        self._subject: Any = getattr(play, "manager", None)  # of a level whose operations are its methods
        self._received: Received = getattr(play, "received", dict)  # of a level whose judge asks for messages, and is not told of them
        self._heard = play.loop.lock_listener
        play.loop.lock_listener = self._locked
        self._moment()

    def _locked(self, verb: str, lock: asyncio.Lock) -> None:
        if self._heard is not None:  # the narrator, which names it first
            self._heard(verb, lock)
        self._used.append((verb, lock))
        self._worked_at = at_work(OURS) or self._worked_at

    def chosen(self, name: str) -> None:
        self._outside_happened()
        self.row_of.append(len(self._moments) - 1)
        self._outside = name

    def called(self, task: int, operation: Any) -> None:
        code = getattr(getattr(self._subject, operation.name, None), "__code__", None)
        if code is not None:
            self._worked_at = place_in(code, None)

    def cancelled(self, task: int, operation: Any) -> None:
        self._mark("cancelled")

    def raised(self, task: int, operation: Any, error: BaseException) -> None:
        self._mark("failed")

    def delivered(self, client: Any, message: Any) -> None:
        said = self._narrator.message(client, message)
        self._arrows.append({"kind": "sends", "to": self._client(f"c{client}"), "said": said.partition(": ")[2] or said})

    def stepped(self) -> None:
        self._outside = None
        self._moment()

    def closing(self) -> None:
        self._outside_happened()

    def closed(self, said: str) -> None:
        self._moment()

    def finished(self) -> None:
        self._outside_happened()
        if self._moments:  # the end is judged after the last row
            self._state(self._moments[-1])

    # --- the record

    def trace(self, steps: Sequence[StepRow]) -> RunTraceRecord:
        """The trace of the run whose rows are `steps`."""
        assert len(self._moments) == len(steps) + 1, "a moment for each row"
        lanes: dict[str, LaneKind] = {}
        for row, moment in zip(steps, self._moments[1:], strict=True):
            moment["arrows"] = [arrow for arrow in moment["arrows"] if arrow["to"] != row["task"]]
            lanes.setdefault(row["task"], self._lanes.get(row["task"]) or _kind(row["task"], "world"))
        for lane, kind in self._lanes.items():
            lanes.setdefault(lane, kind)
        return {"lanes": lane_records(lanes), "places": self.places, "moments": self._moments}

    # --- one moment

    def _outside_happened(self) -> None:
        name, self._outside = self._outside, None
        if name is None or name == TIMER:  # a timer that is due has no row of its own
            return
        if name.startswith("+cancel "):
            self._mark("cancelled")
        elif name.startswith("+fail "):
            self._mark("failed")
        self._moment()

    def _mark(self, mark: Mark) -> None:
        if mark not in self._marks:
            self._marks.append(mark)

    def _moment(self) -> None:
        self._woken()
        self._received_messages()
        moment: MomentRecord = {"arrows": self._arrows, "marks": self._marks}
        if self._worked_at is not None:
            moment["worked_at"] = self._worked_at
            self._worked_at = None
        if self._used:
            moment["used"] = [[verb, self._lock(lock)] for verb, lock in self._used]
        self._arrows, self._marks, self._used = [], [], []
        self._moments.append(moment)
        self._state(moment)

    def _state(self, moment: MomentRecord) -> None:
        """Put into `moment` what is not as it was at the last."""
        state, suspended, locks = now = self._narrator.state(), self._suspended(), lock_records(self._play.loop, task_said, self._lock)
        before = self._last or (None, None, None)
        if state != before[0]:
            moment["state"] = state
        if suspended != before[1]:
            moment["suspended"] = suspended
        if locks != before[2]:
            moment["locks"] = locks
        self._last = now

    def _woken(self) -> None:
        loop = self._play.loop
        acting = owner(loop.current)
        for task in loop.tasks[self._known :]:
            self._task(task)
            if task is not acting and self._moments:
                self._arrow("starts", task)
        ready = [woken for handle in loop.ready if (woken := owner(handle)) is not None]
        for woken in ready:
            if woken is not acting and woken in loop.tasks[: self._known] and name_of(woken) not in self._ready:
                self._arrow("wakes", woken)
        self._ready, self._known = {name_of(woken) for woken in ready}, len(loop.tasks)

    def _arrow(self, kind: Any, task: "asyncio.Task[Any]") -> None:
        arrow: ArrowRecord = {"kind": kind, "to": task_said(task), "said": ""}
        if arrow not in self._arrows:
            self._arrows.append(arrow)

    def _received_messages(self) -> None:
        received = self._received() or {}
        for client in sorted(received, key=str):
            for message in received[client][self._got.get(client, 0) :]:
                self._arrows.append({"kind": "sends", "to": self._client(str(client)), "said": str(message)})
            self._got[client] = len(received[client])

    def _suspended(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for task in self._play.loop.tasks:
            frame = None if task.done() else suspended_in(task)
            if frame is None or not getattr(task.get_coro(), "cr_suspended", True):  # it has ended, or has not run yet
                continue
            module = frame.f_globals.get("__name__", "?")
            if module.startswith(HARNESS):  # the task is between two calls
                continue
            key = place_in(frame.f_code, frame.f_lineno)
            if key not in self.places:
                self.places[key] = place_record(frame)
            found[task_said(task)] = key
        return found

    # --- lanes

    def _task(self, task: "asyncio.Task[Any]") -> None:
        self._lanes.setdefault(task_said(task), _kind(name_of(task), "task"))

    def _client(self, name: str) -> str:
        self._lanes.setdefault(name, "client")
        return name

    def _lock(self, lock: asyncio.Lock) -> str:
        """The lane of `lock`: its first name, with a number if an earlier lock has that name."""
        known = self._lock_lanes.get(id(lock))
        if known is None:
            name = self._narrator.lock("", lock).strip()
            number = 1 + sum(lane.partition(" #")[0] == name for lane in self._lock_lanes.values())
            known = self._lock_lanes[id(lock)] = name if number == 1 else f"{name} #{number}"
            self._lanes[known] = "lock"
        return known


def _kind(name: str, otherwise: LaneKind) -> LaneKind:
    """The kind of a lane that is no program's task, by its name."""
    if name.startswith(LISTENER):
        return "listener"
    return "client" if CLIENT.fullmatch(name) else otherwise
