"""Heartbeats: timers that set themselves again and change nothing that shows. A run in which nothing else is left has come to rest.

A server looks at its flag ten times a second, a client pings every twenty, and no run would end. So wherever only timers are left, the
state is compared with those before: where each task stands, and what shows. The run rests once every timer that is left has fired `ROUNDS`
times without a new one: while a ping is under way, others may tick. Faults may happen meanwhile, as at any moment.

While somebody still waits for an answer (`JobLoop.waits_on`), a heartbeat may count towards it. Then nothing that the user's own code can
reach in its variables may have changed either, for `PATIENT` moments. Where somebody reads the clock meanwhile, time itself may be what
counts (`while time.monotonic() < deadline: await sleep(0.01)`), also in a package, and it takes a minute of it, or `POLLS` moments. What
it refuses to do: a count that is hidden deeper, or in a package, is not seen, and a deadline that is further off is not waited for.
"""

import asyncio
from asyncio.timeouts import Timeout
from collections import Counter
from collections.abc import Hashable, Sized
from types import FrameType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from subwarden.scheduling.handles import Handle, Timer, suspended_at
from subwarden.scheduling.isolation.installed import is_installed
from subwarden.scheduling.isolation.places.roots import content_of
from subwarden.scheduling.isolation.places.whose import names_of

if TYPE_CHECKING:
    from subwarden.world.jobs import JobLoop

ROUNDS = 3
PATIENT = 50  # moments
POLLS = 2_000  # moments: who polls a hundred times a second may wait for twenty
MINUTE = 60.0  # seconds of virtual time
DEEP = 2  # objects within objects that are looked into
EARLY = 8  # moments at which only timers are left, before it is worth a look


class Heartbeats:
    """Of one run. Ask `rest` whenever only timers are left."""

    __slots__ = (
        "_alive",
        "_counts",
        "_fired",
        "_idle",
        "_known",
        "_loop",
        "_moments",
        "_pending",
        "_read",
        "_since",
        "_states",
        "_values",
        "steady",
    )

    def __init__(self, loop: "JobLoop") -> None:
        self._loop = loop
        self._alive: list[Any] = []  # the tasks that had not ended when they were last looked at,
        self._known = 0  # and of how many of all: those that have ended are too many to be looked at again
        self._idle = 0
        self._fired: Handle | None = None  # the last timer at the last look
        self._pending: list[tuple[Timer, Hashable]] = []
        self._counts: Counter[Hashable] = Counter()
        self._states: set[Hashable] = set()
        self._values: Hashable = None
        self._moments = 0  # since when no variable has changed
        self._read = False  # whether anybody has read the clock in these
        self._since = 0.0  # when they began
        self.steady = False  # as of the last look

    def rest(self) -> bool:
        """Whether nothing but heartbeats is left, and nobody waits for more. While outside events are left: whether one is due."""
        loop = self._loop
        anew = loop.fired is not self._fired
        self._fired = loop.fired
        self._idle += anew
        self.steady = self._idle >= EARLY and self._look()
        if not self.steady or loop.events:
            return self.steady
        if anew and loop.waits_on():
            values = _variables(loop)
            if values == self._values:
                self._moments += 1
            else:
                self._moments, self._read, self._since = 0, False, loop._now
            self._values = values
        return not loop.waits_on() or (self._moments >= PATIENT and not self._may_end_by_the_clock())

    def _may_end_by_the_clock(self) -> bool:
        return self._read and self._moments < POLLS and self._loop._now < self._since + MINUTE

    def clock_read(self, by: FrameType) -> None:
        """Code at the frame `by` has read the clock. asyncio does so for every time-out, which is a timer."""
        if self.steady and not by.f_globals.get("__name__", "").startswith("asyncio."):
            self._read = True

    def _look(self) -> bool:
        state = self._now()
        pending = [(timer, _kind(timer)) for timer in self._loop.timers if not timer._cancelled]
        if state not in self._states:
            self._states.add(state)
            self._counts.clear()
        else:
            self._counts.update(kind for timer, kind in self._pending if timer.due is not None)  # it has fired
        self._pending = pending
        each = Counter(kind for _, kind in pending)
        return all(self._counts[kind] >= ROUNDS * number for kind, number in each.items())

    def _now(self) -> Hashable:
        tasks = self._loop.tasks
        self._alive = [task for task in [*self._alive, *tasks[self._known :]] if not task.done()]
        self._known = len(tasks)
        places = Counter(suspended_at(task) for task in self._alive)
        return frozenset(places.items()), self._loop.shows()


def _kind(timer: Timer) -> Hashable:
    """What makes a timer the successor of one that has fired: the task that it wakes stands at the same place, or it calls the same."""
    callback: Any = timer._callback
    task: Any = None
    of = getattr(callback, "__self__", None)
    if isinstance(of, Timeout):
        task = getattr(of, "_task", None)
    elif timer._args and isinstance(timer._args[0], asyncio.Future):  # of a sleep
        waiting = timer._args[0]._callbacks
        task = getattr(waiting[0][0], "__self__", None) if waiting else None
    name = getattr(callback, "__qualname__", "") or type(callback).__qualname__
    return name, suspended_at(task) if isinstance(task, asyncio.Task) else type(of)


def _variables(loop: "JobLoop") -> Hashable:
    """The plain values in the variables of the user's own code where tasks are suspended, and in the objects that these hold."""
    found: list[Hashable] = []
    for task in loop.tasks:
        awaiting: Any = None if task.done() else task.get_coro()
        while (frame := getattr(awaiting, "cr_frame", None)) is not None:
            if not is_installed(frame.f_code.co_filename):
                values = [*frame.f_locals.values(), *(frame.f_globals.get(name) for name in frame.f_code.co_names)]
                for value in values:
                    _add(value, found, DEEP)
            awaiting = awaiting.cr_await
    return tuple(found)


def _add(value: Any, found: list[Hashable], deep: int) -> None:
    if value is None or isinstance(value, int | float | str | bytes):
        found.append(value)
        return
    if isinstance(value, Sized):
        try:
            found.append(len(value))
        except Exception:  # a user's class
            return
    if deep:
        inside = _held(value)
        for cell in (value.__closure__ or ()) if isinstance(value, FunctionType) else ():
            inside += content_of(cell)
        for each in inside:
            _add(each, found, deep - 1)


def _held(value: Any) -> list[Any]:
    """What an object has in its attributes, without a call of its `__getattr__`, which may answer to every name."""
    attributes = None if isinstance(value, type | ModuleType) else names_of(value)
    return [*attributes.values()] if type(attributes) is dict else []
