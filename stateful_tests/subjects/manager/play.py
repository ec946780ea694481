"""Plays a program of level manager on a subject: starts its tasks, calls the operations, and tells the judge and the observers."""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import Any

from subwarden.checking import causes
from subwarden.checking.manager.graph import ManagerGraph
from subwarden.checking.manager.judge import ManagerJudge
from subwarden.impl.manager.api import ManagerApi
from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.manager.oneshot import Outcome, Receiver, oneshot
from subwarden.impl.manager.state_operations import state_clear_listener, state_listener_matches, state_set_listener, state_track_event
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.model.manager import operations as op
from subwarden.model.manager.operations import Operation
from subwarden.model.manager.projection import View, project
from subwarden.model.manager.step import Answer
from subwarden.scheduling.events import Event, park
from subwarden.scheduling.handles import owner
from subwarden.scheduling.locks import awaited
from subwarden.scheduling.loop import EAGER, ControlledLoop
from subwarden.stateful_tests.exploring.coverage.points import Point, PointKind
from subwarden.stateful_tests.exploring.drawing.chains import Chain, Faults, arrive, withdraw
from subwarden.stateful_tests.exploring.findings.quiescence import judge_left, judge_stuck
from subwarden.stateful_tests.exploring.observers import Observer, audience_of, heard
from subwarden.stateful_tests.subjects.manager.narrator import ManagerNarrator

CONVERSATIONS = {number: Conversation(number) for number in range(1, 10)}


def in_order(view: View) -> Hashable:
    """`view` as sorted tuples, with the same `repr` in every process."""
    live = None if view.live is None else tuple(sorted(view.live))
    return live, view.entries, tuple(sorted(view.links)), tuple(sorted(view.ids)), tuple(sorted(view.raw))


class ManagerPlay:
    """One run of the tasks in `chains`. Make it, let something schedule `loop`, then call `finish()`; `judge` has the outcome."""

    at_stake: Iterable[tuple[str, bool]] = ()

    def __init__(
        self,
        factory: Callable[[], ManagerApi],
        chains: Iterable[Chain],
        loop: ControlledLoop,
        graph: ManagerGraph,
        fired: set[str],
        observers: Sequence[Observer] = (),
    ) -> None:
        self.loop = loop
        loop.observer = self
        self.manager: Any = factory()  # a ManagerApi, or a user's class with the same methods
        took = heard(observers, "took") if observers else None
        self.judge = ManagerJudge(loop, self.manager, graph, fired, took)
        self.audience = audience_of(self.judge, observers)
        self.listeners: list[tuple[Receiver, ThreadState, bool]] = []  # (cancel channel, state, the state was in the map then)
        self.happened: set[Point] = set()  # points of coverage: the moments at which tasks were cancelled
        self._tasks: list[asyncio.Task[None]] = []
        events = loop.events
        for chain in chains:
            events.append(Event(chain.start, partial(self.start, chain)))

    @property
    def subject(self) -> object:
        """The manager."""
        return self.manager

    def digest_parts(self) -> object:
        """The parts that decide the rest of the run and its judgement (`scheduling.state_search.structure`)."""
        # a listener that was told to stop stays stopped, and the end does not judge it
        running = [listener for listener in self.listeners if listener[0].outcome is Outcome.WAITING]
        return self.manager, self.judge, running, self.judge.places(self._tasks)

    # --- driving

    def start(self, chain: Chain) -> None:
        """The outside event: the request of `chain` arrives."""
        task = arrive(chain, self.loop, self.fault, self._run)
        self.judge.tasks[id(task)] = chain.place
        self._tasks.append(task)
        if self.loop.get_task_factory() is EAGER:  # creating it ran its first step
            self.judge.stepped()

    def unfinished(self) -> list[int]:
        """The tasks that have been started and have not ended."""
        return [self.judge.tasks[id(task)] for task in self._tasks if not task.done()]

    def fault(self, chain: Chain) -> Event:
        """The cancellation of the task of `chain`."""

        def deliver() -> None:
            for task in self._tasks:
                if self.judge.tasks[id(task)] == chain.place:
                    self.happened.add(Point(PointKind.CANCELLATION, f"while {self._moment(task)}"))
                    task.cancel()

        return Event(chain.cancel, deliver)

    def _moment(self, task: asyncio.Task[None]) -> str:
        """The moment at which `task` is suspended, as coverage names it."""
        at = awaited(task)
        if at is not None and not at[1]:
            return f"waiting for {self.lock_name(at[0])[0]}"
        if any(owner(handle) is task for handle in self.loop.ready):
            return "woken already"
        return "waiting outside" if at is None else f"waiting for {self.lock_name(at[0])[0]}"

    async def _run(self, chain: Chain, faults: Faults) -> None:
        audience = self.audience
        index = chain.place
        state: ThreadState | None = None
        operation = chain.sites[0].operation
        try:
            for site in chain.sites:
                operation, method = site.operation, site.method
                if method is not None:
                    audience.called(index, operation)
                    answer = await getattr(self.manager, method)(*site.arguments)
                    if site.returns_state:
                        state = answer
                        answer = Answer.REFUSED if answer is None else Answer.HANDLE
                    elif site.returns_ids:
                        answer = tuple(sorted(answer))
                elif state is not None:
                    audience.called(index, operation)
                    answer = await self._call_on(state, operation, chain.name)
                else:
                    break
                audience.returned(index, operation, answer, site.last)
        except asyncio.CancelledError:
            audience.cancelled(index, operation)
        except Exception as error:  # an exception of the subject is a finding, not our failure
            audience.raised(index, operation, error)
        finally:
            withdraw(faults, self.loop)

    async def _call_on(self, state: ThreadState, operation: Operation, task: str) -> object:
        match operation:
            case op.StateSetListener(conversation):
                cancel, receiver = oneshot()
                answer = await state_set_listener(state, cancel, CONVERSATIONS[conversation])
                self.listeners.append((receiver, state, self._in_map(state)))
                return Answer.REFUSED if answer is None else answer
            case op.StateClearListener():
                await state_clear_listener(state)
                return None
            case op.StateListenerMatches(conversation):
                return await state_listener_matches(state, CONVERSATIONS[conversation])
            case op.StateTrackEvent(event):
                return await state_track_event(state, event)
            case op.HoldState():
                async with state.lock:
                    await park(self.loop, f"release {task}")
                return None
        raise AssertionError(f"{operation} is no state operation")

    def _in_map(self, state: ThreadState) -> bool:
        return any(lock is state.lock for lock in self.manager.locks().values())

    # --- judging the end

    def finish(self) -> None:
        """The run is quiescent: judge what must hold then (P3, P4, P12, P13)."""
        judge, loop = self.judge, self.loop
        left = [task for task in loop.tasks if not task.done()]
        stuck = [task for task in self._tasks if task in left] if left else left
        if stuck:
            judge_stuck(judge, loop, stuck, self.lock_name)
            return
        if self.listeners:
            self._judge_listeners()
        if left or loop.holding or loop.unhandled:
            judge_left(judge, loop, left, self.lock_name)

    def _judge_listeners(self) -> None:
        in_map = list(self.manager.locks().values())
        running: list[ThreadState] = []
        for receiver, state, was_in_map in self.listeners:
            if receiver.outcome is not Outcome.WAITING:
                continue
            if all(lock is not state.lock for lock in in_map):
                self.judge.violated(causes.LEFT_LISTENER if was_in_map else causes.LATE_LISTENER)
            if any(state is other for other in running):
                self.judge.violated(causes.TWO_LISTENERS)
            running.append(state)

    def let_go(self) -> None:
        """Forget the tasks: a cancelled one keeps its frames, which keep this play alive in a circle."""
        self._tasks.clear()
        self.judge.tasks.clear()

    def digest(self) -> Hashable:
        """The maps at the end, for the count of end states."""
        return None if self.judge.shown is None else in_order(project(self.judge.shown))

    def narrator(self) -> ManagerNarrator:
        """The narrator of this run."""
        return ManagerNarrator(self.judge, self.manager)

    def lock_name(self, lock: asyncio.Lock) -> str:
        """The name of `lock` in reports."""
        locks: dict[str, asyncio.Lock] = self.manager.locks()
        for name, known in locks.items():
            if known is lock:
                return name
        return "T of a state torn down"

    def lock_kind(self, lock: asyncio.Lock) -> str:
        """M or T, for the order of locks."""
        return self.lock_name(lock).split("(")[0].split(" ")[0]
