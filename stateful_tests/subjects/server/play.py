"""Plays a program of level server on a server under one schedule, and tells its judge and all observers.

Long because it tells them of each thing that clients, the engine and faults do.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from subwarden.checking.server.graph import ServerGraph
from subwarden.checking.server.judge import ServerJudge
from subwarden.impl.server.engine import Engine
from subwarden.impl.server.environment import Environment
from subwarden.impl.server.loaded_thread import Gate
from subwarden.impl.server.server import Server
from subwarden.impl.server.simulated_engine import STORED
from subwarden.model.server import requests as rq
from subwarden.model.server.approvals import Approval
from subwarden.model.server.requests import Request
from subwarden.model.server.state import target
from subwarden.scheduling.events import Event
from subwarden.scheduling.locks import waiting
from subwarden.scheduling.loop import ControlledLoop
from subwarden.stateful_tests.exploring.coverage.points import Point, PointKind
from subwarden.stateful_tests.exploring.findings.quiescence import judge_left, judge_stuck
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.observers import Observer, audience_of
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault, ServerProgram

if TYPE_CHECKING:
    from subwarden.stateful_tests.subjects.server.narrator import ServerNarrator

Factory = Callable[[Engine], Server]

OF_A_HANDLER = Point(PointKind.CANCELLATION, "of a handler")
OF_A_LISTENER = Point(PointKind.CANCELLATION, "of a listener")
OF_A_WORKER = Point(PointKind.CANCELLATION, "of a worker")
OF_A_START = Point(PointKind.CANCELLATION, "of a start")
WORKING = {FaultKind.WORKER: ("work", OF_A_WORKER), FaultKind.START: ("starting", OF_A_START)}  # the first word of the task's name


class RequestTask(NamedTuple):
    """One request, made ready for many runs."""

    place: int
    name: str
    start: str  # the outside event by which it arrives
    cancel: str
    request: Request
    may_be_cancelled: bool


class PreparedRequests(NamedTuple):
    """A program, made ready for many runs."""

    tasks: tuple[RequestTask, ...]
    cancelled: dict[str, tuple[int, Point]]  # tasks of the server that may be cancelled, with the place of their request
    listening: frozenset[int]  # threads whose listeners may be
    failing: frozenset[int]
    late: frozenset[int]
    ending: frozenset[int]
    refusing: frozenset[int]
    losing: frozenset[int]
    stopping: frozenset[int]
    silent: frozenset[int]  # connections
    denying: frozenset[int]  # connections
    hesitating: frozenset[int]  # connections
    deaf: frozenset[int]  # connections
    slow: frozenset[int]  # connections
    lingering: frozenset[int]


def prepare(program: ServerProgram) -> PreparedRequests:
    """The program, made ready for many runs."""
    tasks = tuple(prepare_task(place, task[0], program.faults) for place, task in enumerate(program.tasks))

    def threads(kind: FaultKind) -> frozenset[int]:
        requests = (program.tasks[fault.place][0] for fault in program.faults if fault.kind is kind)
        return frozenset(target(request) for request in requests if isinstance(request, rq.ASKS_ENGINE))

    def clients(kind: FaultKind) -> frozenset[int]:
        return frozenset(program.tasks[fault.place][0].connection for fault in program.faults if fault.kind is kind)

    silent, denying, hesitating = clients(FaultKind.SILENT), clients(FaultKind.DENIES), clients(FaultKind.HESITATES)
    deaf, slow = clients(FaultKind.DEAF), clients(FaultKind.SLOW)
    failing, late = threads(FaultKind.FAILS), threads(FaultKind.LATE)
    ending, refusing, losing = threads(FaultKind.ENDS), threads(FaultKind.REFUSES), threads(FaultKind.LOSES)
    cancelled = {
        f"{word} {tasks[fault.place].name}": (fault.place, point)
        for kind, (word, point) in WORKING.items()
        for fault in program.faults
        if fault.kind is kind
    }
    listening = threads(FaultKind.LISTENER)
    stopping, lingering = threads(FaultKind.STOPS), threads(FaultKind.LINGERS)
    of_threads = listening, failing, late, ending, refusing, losing, stopping
    return PreparedRequests(tasks, cancelled, *of_threads, silent, denying, hesitating, deaf, slow, lingering)


def prepare_task(place: int, request: Request, faults: tuple[ServerFault, ...]) -> RequestTask:
    """One request, made ready for many runs."""
    name = task_name(place)
    return RequestTask(place, name, f"start {name}", f"cancel {name}", request, ServerFault(FaultKind.CANCELLED, place) in faults)


class _Handlers(dict[int | str, "asyncio.Task[None]"]):
    """The handlers of a server; while one is here, its cancellation is among the loop's faults."""

    def __init__(self, loop: ControlledLoop, faults: dict[str, Event]) -> None:
        super().__init__()
        self._loop = loop
        self._faults = faults

    def __setitem__(self, name: int | str, task: "asyncio.Task[None]") -> None:
        super().__setitem__(name, task)
        if name in self._faults:
            self._loop.faults.append(self._faults[str(name)])

    def __delitem__(self, name: int | str) -> None:
        super().__delitem__(name)
        fault = self._faults.get(str(name))
        if fault in self._loop.faults:
            self._loop.faults.remove(fault)


class _Tasks(dict[str, "asyncio.Task[None]"]):
    """The tasks of a server by name; while one is here that may be cancelled, its cancellation is among the loop's faults, once a name."""

    def __init__(self, loop: ControlledLoop, fault_of: Callable[[str, "asyncio.Task[None]"], Event | None]) -> None:
        super().__init__()
        self._loop = loop
        self._fault_of = fault_of
        self._faults: dict[str, Event] = {}

    def __setitem__(self, name: str, task: "asyncio.Task[None]") -> None:
        super().__setitem__(name, task)
        fault = None if name in self._faults else self._fault_of(name, task)
        if fault is not None:
            self._faults[name] = fault
            self._loop.faults.append(fault)

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        fault = self._faults.get(name)
        if fault in self._loop.faults:
            self._loop.faults.remove(fault)


class ServerPlay:
    """One run. Make it, let something schedule `loop`, then call `finish()`; `judge` has the outcome."""

    def __init__(
        self,
        factory: Factory,
        prepared: PreparedRequests,
        loop: ControlledLoop,
        graph: ServerGraph,
        fired: set[str],
        observers: Sequence[Observer] = (),
    ) -> None:
        self.loop = loop
        self.happened: set[Point] = set()
        self.environment = Environment(
            events=loop.events,
            faults=loop.faults,
            make=Event,
            failing=prepared.failing,
            late=prepared.late,
            ending=prepared.ending,
            refusing=prepared.refusing,
            losing=prepared.losing,
            stopping=prepared.stopping,
            silent=prepared.silent,
            denying=prepared.denying,
            hesitating=prepared.hesitating,
            deaf=prepared.deaf,
            slow=prepared.slow,
            lingering=prepared.lingering,
        )
        self.server = factory(self.environment.engine)
        self._manager_lock = self.server.manager.locks()["M"]
        self.judge = ServerJudge(loop, self.server, frozenset(STORED), graph, fired.add, task_name)
        self.audience = audience_of(self.judge, observers)
        if any(task.may_be_cancelled for task in prepared.tasks):
            self.server.handlers = _Handlers(loop, {task.name: self.fault(task) for task in prepared.tasks if task.may_be_cancelled})
        self._cancelled, self._listening = prepared.cancelled, prepared.listening
        if self._cancelled or self._listening:
            self.server.tasks = _Tasks(loop, self._task_fault)
        for task in prepared.tasks:
            loop.events.append(Event(task.start, partial(self.start, task)))
        self.environment.serve(self.server, self.audience)  # last: a stop comes after everything else, unless a schedule says otherwise

    @property
    def subject(self) -> object:
        """The server."""
        return self.server

    @property
    def at_stake(self) -> Iterable[tuple[str, bool]]:
        """See `stateful_tests.exploring.level.Play`."""
        return self.judge.stakes.names()

    # --- driving

    def start(self, task: RequestTask) -> None:
        """The outside event: the request of `task` arrives, unless its client has gone."""
        request = task.request
        if self.environment.gone(request.connection):
            return
        hears = self.judge if isinstance(request, rq.Close) else self.audience  # a close is no call: it is never answered
        hears.called(task.place, request)
        self.environment.arrives(task.name, request)
        if not self.loop.ready:  # its connection is held up
            self.judge.waits(None)

    def fault(self, task: RequestTask) -> Event:
        """The cancellation of the handler of `task`."""

        def deliver() -> None:
            if self.environment.cancel(task.name):
                self.happened.add(OF_A_HANDLER)
                self.judge.cancelled(task.place, task.request)  # the call goes on: it is still owed an answer (P11)

        return Event(task.cancel, deliver)

    def _task_fault(self, name: str, task: "asyncio.Task[None]") -> Event | None:
        """The cancellation of a task of the server; None: it is not one that may be cancelled."""
        place, point = self._cancelled.get(name, (None, OF_A_LISTENER))
        thread, conversation = self.server.listeners.get(task, (None, 0))
        if place is None and thread not in self._listening:
            return None

        def deliver() -> None:
            if self.environment.cancel(name):
                self.happened.add(point)
                if place is not None:
                    self.judge.cancelled(place, self.judge.requests.named(task_name(place)).request)
                elif thread is not None:
                    self.judge.unheard(thread, conversation)

        return Event(f"cancel {name}", deliver)

    def unfinished(self) -> list[int]:
        """The places of the requests that are being handled."""
        return sorted(self.judge.requests.named(name).number for name, task in self.server.handlers.items() if not task.done())

    # --- judging the end

    def finish(self) -> None:
        """The run is quiescent: check the properties that hold then."""
        judge, loop, server = self.judge, self.loop, self.server
        resident = server.resident()
        stuck = sorted(waiting(loop), key=lambda task: task.get_name())
        if stuck:
            judge_stuck(judge, loop, stuck, self.lock_name)
            return
        unread = {conversation.number for conversation in self.environment.conversations if conversation.unread()}
        asking = {
            Approval(each.thread, each.number, number) for each in self.environment.conversations if (number := each.asking()) is not None
        }
        clients = self.environment.clients
        deaf = {connection for connection, client in clients.items() if client.deaf}
        holding_up = {connection for connection in deaf if clients[connection].outbox.waits()}
        judge.at_rest(list(server.listeners.values()), unread, asking, self.environment.silent | deaf, holding_up)
        judge_left(judge, loop, [t for t in loop.tasks if not t.done() and t not in resident], self.lock_name)

    def let_go(self) -> None:
        """The run is over: drop the server's contents, which are full of reference cycles, and the way through the model's graph."""
        self.judge.let_go()
        for thing in (self.server, self.environment.engine, self.environment):
            vars(thing).clear()

    def digest(self) -> Hashable:
        """The model's state and the events taken, as a value that is equal for ends that nobody can tell apart."""
        state = self.judge.state
        return tuple(sorted(state.live)), state.loaded, tuple(sorted(state.grants)), tuple(sorted(self.judge.deliveries.taken_last.items()))

    def narrator(self) -> "ServerNarrator":
        """The narrator of this run."""
        from subwarden.stateful_tests.subjects.server.narrator import ServerNarrator  # noqa: PLC0415  # text is for those who ask

        return ServerNarrator(self)

    def lock_name(self, lock: asyncio.Lock) -> str:
        """The name of `lock` in reports."""
        for name, known in self.server.locks().items():
            if known is lock:
                return name
        return f"G(t{lock.thread})" if isinstance(lock, Gate) else "T of a state torn down"

    def lock_kind(self, lock: asyncio.Lock) -> str:
        """M, G (of a record) or T (of a state)."""
        if lock is self._manager_lock:
            return "M"
        return "G" if isinstance(lock, Gate) else "T"
