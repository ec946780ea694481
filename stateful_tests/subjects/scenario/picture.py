"""Records a run of a scenario for pictures: at each row of its table where tasks stand, what each waits for, who holds which lock, the
queues and events, the connections, and the conditions of `always` and `sometimes`.

A narration that is given a picture tells it of every row; a narration without one pays nothing.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from subwarden.checking.scenario.failure import FailureKind
from subwarden.checking.scenario.judge import ScenarioJudge
from subwarden.checking.scenario.names import Names
from subwarden.checking.scenario.places import frames, spot_of
from subwarden.checking.scenario.waits import Wait, waits
from subwarden.model.words import counted
from subwarden.reports.html.trace_record import LaneKind, Mark, MomentRecord, PlaceRecord, RunTraceRecord
from subwarden.scheduling.handles import owner
from subwarden.scheduling.isolation.installed import own
from subwarden.scheduling.loop import ControlledLoop
from subwarden.stateful_tests.exploring.findings.lanes import lane_records, lock_records
from subwarden.stateful_tests.exploring.findings.source_lines import place_record
from subwarden.stateful_tests.subjects.scenario.explain import words
from subwarden.world.network.selecting import SelectingLoop

DELIVERS = re.compile(r"\+?(?P<sender>\S+) delivers (?P<said>.+) to (?P<to>\S+?)(@\d+)?")
THINGS = (asyncio.Queue, asyncio.Event, asyncio.Semaphore, asyncio.Condition, asyncio.Barrier)
STATES = ("suspended", "locks", "waits", "things", "network", "conditions")
Look = dict[str, Any]


class Picture:
    """The trace of one run that is narrated. Ask for its `trace` when the run has ended."""

    def __init__(self) -> None:
        self.places: dict[str, PlaceRecord] = {}
        self.early: list[Look] = []  # of the events since the last step: how it was after each but the last
        self._moments: list[MomentRecord] = []
        self._rows: list[str] = []  # who did each
        self._last: Look = {}
        self._used: list[tuple[str, asyncio.Lock]] = []
        self._marks: list[Mark] = []
        self._lanes: dict[str, LaneKind] = {}
        self._ready: set[str] = set()
        self._known = 0
        self._arrows: list[Any] = []

    # --- told by the narration

    def begun(self, loop: ControlledLoop, judge: ScenarioJudge, names: Names) -> None:
        """The run is ready; nothing has happened yet."""
        self._loop, self._judge, self._names = loop, judge, names
        self.row("", self.look())

    def used(self, verb: str, lock: asyncio.Lock) -> None:
        """A task `takes`, `releases` or `waits for` a lock."""
        self._used.append((verb, lock))

    def mark(self, mark: Mark) -> None:
        """The next row is marked so."""
        if mark not in self._marks:
            self._marks.append(mark)

    def delivers(self, name: str) -> None:
        """The outside event `name` is the next row: an arrow, if it carries bytes."""
        match = DELIVERS.fullmatch(name)
        if match is not None:
            for end in (match["sender"], match["to"]):
                self._lanes[end] = "client"
            self._arrows.append({"kind": "sends", "to": match["to"], "said": match["said"]})

    def row(self, who: str, look: Look | None = None) -> None:
        """A row was added, of `who`. `look`: how it is after it; now if there is none."""
        look = self.look() if look is None else look
        moment: MomentRecord = {"arrows": [a for a in (*self._arrows, *look["arrows"]) if a["to"] != who], "marks": self._marks}
        if self._used:
            moment["used"] = [[verb, self._lock(lock)] for verb, lock in self._used]
        for key in STATES:
            if look[key] != self._last.get(key):
                moment[key] = look[key]  # type: ignore[literal-required]  # keys of a moment, listed above
        self._last = look
        self._used, self._marks, self._arrows = [], [], []
        self._moments.append(moment)
        if len(self._moments) > 1:
            self._rows.append(who)
            self._lanes.setdefault(who, "world")

    def ended(self) -> None:
        """The run has ended and is not judged by its steps alone: the last row shows how it is now."""
        for key, value in self.look().items():
            if key in STATES and value != self._last.get(key):
                self._moments[-1][key] = value  # type: ignore[literal-required]  # as above

    # --- the record

    def trace(self) -> RunTraceRecord:
        """The trace of the run so far."""
        return {"lanes": lane_records(self._lanes), "places": self.places, "moments": self._moments}

    # --- one look

    def look(self) -> Look:
        """How it is now, and who has been woken or started since the last look."""
        names = self._names
        names.learn()
        ready = {names.task(task) for handle in self._loop.ready if (task := owner(handle)) is not None}
        found = [
            wait for wait in waits(self._loop) if getattr(wait.task.get_coro(), "cr_suspended", True) or names.task(wait.task) in ready
        ]
        said = [[names.task(wait.task), "is ready to run" if names.task(wait.task) in ready else self._waits(wait)] for wait in found]
        return {
            "arrows": self._woken(ready),
            "suspended": dict(self._suspended()),
            "locks": lock_records(self._loop, self._names.task, self._lock),
            "waits": said,
            "things": self._things(),
            "network": self._loop.traffic() if isinstance(self._loop, SelectingLoop) else [],
            "conditions": self._conditions(),
        }

    def _woken(self, ready: set[str]) -> list[Any]:
        tasks, names = self._loop.tasks, self._names
        started = [names.task(task) for task in tasks[self._known :]]
        for name in started:
            self._lanes.setdefault(name, "task")
        woken = sorted(ready - self._ready - set(started))
        acting = owner(self._loop.current) if self._moments else None
        mine = None if acting is None else names.task(acting)
        self._ready, self._known = ready, len(tasks)
        arrows = [("starts", name) for name in started if self._moments] + [("wakes", name) for name in woken if name != mine]
        return [{"kind": kind, "to": name, "said": ""} for kind, name in arrows]

    def _waits(self, wait: Wait) -> str:
        """What a task waits for. The run goes on, so somebody may yet resolve a future."""
        if wait.kind != "future":
            return words(wait, self._names)
        return "sleeps" if any(frame.f_code is asyncio.sleep.__code__ for frame in frames(wait.task.get_coro())) else "waits for a future"

    def _suspended(self) -> Iterator[tuple[str, str]]:
        for task in self._loop.tasks:
            coroutine = task.get_coro()
            if task.done() or not getattr(coroutine, "cr_suspended", True):  # it has ended, has not run yet, or runs
                continue
            found = [frame for frame in frames(coroutine) if own(frame.f_code.co_filename)]
            if found:
                key = spot_of(found[-1]).at()
                if key not in self.places:
                    self.places[key] = place_record(found[-1])
                yield self._names.task(task), key

    def _lock(self, lock: asyncio.Lock) -> str:
        name = self._names.thing(lock)
        self._lanes.setdefault(name, "lock")
        return name

    def _things(self) -> list[str]:
        """The queues, events and semaphores that suspended code knows, by name."""
        found: dict[int, Any] = {}
        for task in self._loop.tasks:
            for frame in frames(None if task.done() else task.get_coro()):
                if own(frame.f_code.co_filename):
                    for value in [*frame.f_locals.values()]:
                        found |= {id(each): each for each in (value, *_attributes(value)) if isinstance(each, THINGS)}
        return sorted(f"{self._names.thing(each)}: {_how_it_is(each)}" for each in found.values())

    def _conditions(self) -> list[list[str]]:
        judge, failure = self._judge, self._judge.failure
        broken = failure.about if failure is not None and failure.kind is FailureKind.ALWAYS else None
        told = [[f"always {name}", "does not hold" if name == broken else "holds"] for _, name in judge.conditions]
        if broken is not None and all(name != broken for _, name in judge.conditions):
            told.append([f"always {broken}", "does not hold"])
        return told + [[f"sometimes {name}", "has held" if was else "has not held yet"] for name, was in sorted(judge.met.items())]


def _attributes(value: Any) -> Sequence[Any]:
    attributes = getattr(value, "__dict__", None)
    return list(attributes.values()) if type(attributes) is dict and not isinstance(value, type) else ()


def _how_it_is(thing: Any) -> str:
    match thing:
        case asyncio.Queue():
            room = f", room for {thing.maxsize - thing.qsize()} more" if thing.maxsize > 0 else ""
            return f"{counted(thing.qsize(), 'item')}{room}"
        case asyncio.Event():
            return "set" if thing.is_set() else "not set"
        case asyncio.Semaphore():
            return f"{cast(Any, thing)._value} free"  # CPython's own: there is no other way to ask
        case asyncio.Condition():
            return "its lock is taken" if thing.locked() else "its lock is free"
        case asyncio.Barrier():
            return f"{thing.n_waiting} of {thing.parties} wait"
        case _:
            return ""
