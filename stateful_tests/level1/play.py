"""Plays a program of level 1 on a subject under one schedule, with a judge looking on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from checking import causes
from checking.judge import Judge
from checking.nodes import Graph
from impl.conversation import Conversation
from impl.manager_api import ManagerApi
from impl.oneshot import Outcome, Receiver, oneshot
from impl.state_operations import state_clear_listener, state_listener_matches, state_set_listener, state_track_event
from impl.thread_state import ThreadState
from model import operations as op
from model.operations import Operation
from model.step import Answer
from scheduling.events import Event, park
from scheduling.loop import ControlledLoop, owner
from stateful_tests.level1.program import Program, task_name

ARGUMENTS = {kind: kind.__match_args__ for kind in op.MANAGER_OPERATIONS}
CONVERSATIONS = {number: Conversation(number) for number in range(1, 10)}


class Play:
    """One run of `program`. Make it, let something schedule `loop`, then call `finish()`; `judge.violations` has the outcome."""

    def __init__(self, factory: Callable[[], ManagerApi], program: Program, loop: ControlledLoop, graph: Graph, fired: set[str]) -> None:
        self.program = program
        self.loop = loop
        self.manager = factory()
        self.judge = Judge(loop, self.manager, graph, fired)
        self.listeners: list[tuple[Receiver, ThreadState, bool]] = []  # (cancel channel, its state, state was in the map then)
        self.happened: set[str] = set()  # what is told of the run as coverage
        self._tasks: list[asyncio.Task[None]] = []
        for index in range(len(program.tasks)):
            self.offer(index)

    # --- driving

    def offer(self, index: int) -> None:
        """Let the outside event that starts task `index` happen from now on."""
        self.loop.events.append(Event(f"start {task_name(index)}", lambda: self._start(index)))

    def _start(self, index: int) -> None:
        faults = [self.fault(index) for fault in self.program.faults if fault == index]
        self.loop.faults.extend(faults)
        task = self.loop.create_task(self._run(index, faults), name=task_name(index))
        self.judge.tasks[id(task)] = index
        self._tasks.append(task)

    def unfinished(self, *, but: tuple[int, ...] = ()) -> list[int]:
        """The tasks that have been started and have not ended."""
        indexes = self.judge.tasks
        return [indexes[id(task)] for task in self._tasks if not task.done() and indexes[id(task)] not in but]

    def fault(self, index: int) -> Event:
        """The cancellation of task `index`."""

        def deliver() -> None:
            for task in self._tasks:
                if self.judge.tasks[id(task)] == index:
                    self.happened.add(f"cancellation while {self._moment(task)}")
                    task.cancel()

        return Event(f"cancel {task_name(index)}", deliver)

    def _moment(self, task: asyncio.Task[None]) -> str:
        """What `task` does while it does not run."""
        lock = self.loop.about_to_take.get(task)
        if lock is None:
            if any(owner(handle) is task for handle in self.loop.ready):
                return "woken already"
            lock = self.loop.waiting.get(task)
        return "waiting outside" if lock is None else f"waiting for {self.lock_name(lock)[0]}"

    async def _run(self, index: int, faults: list[Event]) -> None:
        judge = self.judge
        chain = self.program.tasks[index]
        last = len(chain) - 1
        state: ThreadState | None = None
        operation = chain[0]
        try:
            for at, operation in enumerate(chain):
                manager_operation = type(operation) in ARGUMENTS
                if not manager_operation and state is None:
                    break
                judge.called(index, operation)
                if manager_operation:
                    result = await self._call(operation)
                    answer = answer_of(operation, result)
                    if answer is Answer.HANDLE:
                        state = result
                    elif isinstance(operation, op.RETURNS_STATE):
                        state = None
                else:
                    assert state is not None
                    answer = await self._call_on(state, operation, index)
                judge.returned(index, operation, answer, last=at == last)
        except asyncio.CancelledError:
            judge.cancelled(index, operation)
        except Exception as error:  # whatever a subject raises is a finding, not our failure
            judge.raised(index, operation, error)
        finally:
            for fault in faults:
                if fault in self.loop.faults:
                    self.loop.faults.remove(fault)

    def _call(self, operation: Operation) -> Awaitable[Any]:
        method = getattr(self.manager, operation.name)
        call: Awaitable[Any] = method(*[getattr(operation, name) for name in ARGUMENTS[type(operation)]])  # type: ignore[index]
        return call

    async def _call_on(self, state: ThreadState, operation: Operation, index: int) -> object:
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
                    await park(self.loop, f"release {task_name(index)}")
                return None
        raise AssertionError(f"{operation} is no state operation")

    def _in_map(self, state: ThreadState) -> bool:
        return any(lock is state.lock for lock in self.manager.locks().values())

    # --- judging the end

    def finish(self) -> None:
        """The run is quiescent: judge what must hold then (P3, P4, P12, P13)."""
        judge, loop = self.judge, self.loop
        stuck = [task for task in self._tasks if not task.done()]
        if stuck:
            judge.violated(causes.DEADLOCK, "; ".join(self.waits()))
            return
        states = self.manager.locks()
        running: list[ThreadState] = []
        for receiver, state, was_in_map in self.listeners:
            if receiver.outcome is not Outcome.WAITING:
                continue
            if all(lock is not state.lock for lock in states.values()):
                judge.violated(causes.LEFT_LISTENER if was_in_map else causes.LATE_LISTENER)
            if any(state is other for other in running):
                judge.violated(causes.TWO_LISTENERS)
            running.append(state)
        left = [task.get_name() for task in loop.tasks if not task.done()]
        if left:
            judge.violated(causes.LEAKED_TASK, ", ".join(left))
        held = [name for name, lock in states.items() if lock.locked()]
        if held:
            judge.violated(causes.LEAKED_LOCK, ", ".join(held))
        if loop.unhandled:
            judge.violated(causes.UNRETRIEVED, str(loop.unhandled[0].get("exception") or loop.unhandled[0].get("message")))

    def lock_name(self, lock: asyncio.Lock) -> str:
        """What reports call `lock`."""
        for name, known in self.manager.locks().items():
            if known is lock:
                return name
        return "T of a state torn down"

    def waits(self) -> list[str]:
        """Who waits for what, for every task that has not ended: the wait-for graph in words."""
        said: list[str] = []
        for task in self._tasks:
            if task.done():
                continue
            lock = self.loop.waiting.get(task)
            if lock is None:
                said.append(f"{task.get_name()} waits for something that nobody will do")
                continue
            holders = [t.get_name() for t, held in self.loop.held.items() if t is not None and lock in held]
            said.append(f"{task.get_name()} waits for {self.lock_name(lock)}, held by {', '.join(holders) or 'nobody'}")
        return said


def answer_of(operation: Operation, result: object) -> object:
    """What a manager returned, as the model would put it."""
    if isinstance(operation, op.RETURNS_STATE):
        return Answer.REFUSED if result is None else Answer.HANDLE
    if isinstance(operation, op.SubscribedConnectionIds):
        return tuple(sorted(result)) if isinstance(result, list | tuple | set | frozenset) else result
    return result
