"""Plays a program on an adapter: the runs of the core level, and the part that they share with level custom.

Long because the calls, faults, waits and looks of a run share its tables.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from functools import partial
from types import CoroutineType
from typing import Any

from subwarden.checking import causes
from subwarden.checking.bad_observation import ANEW, BadObservation, of_an_earlier_run
from subwarden.checking.core.connection_states import CoreGraph, Maps
from subwarden.checking.core.judge import CoreJudge
from subwarden.checking.core.options.judge import OptionsJudge
from subwarden.checking.custom.text import text_of
from subwarden.checking.place import in_a_line, told
from subwarden.model.core.options import PLAIN
from subwarden.model.core.step import Connect, CoreOperation, CoreState, Detach, Disconnect
from subwarden.scheduling.events import Event
from subwarden.scheduling.handles import TaskNames, owner
from subwarden.scheduling.locks import awaited
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order, happen
from subwarden.scheduling.state_search.objects import Value
from subwarden.stateful_tests.exploring.coverage.points import Point, PointKind
from subwarden.stateful_tests.exploring.drawing.chains import Chain, Faults, arrive, withdraw
from subwarden.stateful_tests.exploring.findings.quiescence import judge_left, judge_stuck
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.findings.where import where
from subwarden.stateful_tests.exploring.observers import Observer, audience_of
from subwarden.stateful_tests.subjects.core.adapter import OBSERVED, Adapter, BadAdapter, CoreAdapter
from subwarden.stateful_tests.subjects.core.environment import Environment
from subwarden.stateful_tests.subjects.core.lock_names import name_in
from subwarden.stateful_tests.subjects.core.maps import maps_of
from subwarden.stateful_tests.subjects.core.narrator import CoreNarrator
from subwarden.stateful_tests.subjects.core.program import PreparedCalls
from subwarden.world.jobs import JobLoop

ABOUT_TO_RUN = "about to run"
SHOWN = frozenset({OBSERVED})
CLOSING = 10_000  # steps that an adapter's close() may take


class AdapterPlay(ABC):
    """One run of `prepared`. Make it, let something schedule `loop`, then call `finish()`; `judge` has the outcome.

    A subclass adds the parts that depend on the model: the judge, and the judgement at quiescence.
    """

    judge: Any  # a subclass of AdapterJudge
    audience: Any  # the judge and the observers
    at_stake: Iterable[tuple[str, bool]] = ()
    begins: Callable[[int, Any], Awaitable[None]] | None = None  # awaited before each call, where calls of one task wait for an event

    def __init__(self, factory: Callable[[], Adapter], prepared: PreparedCalls, loop: ControlledLoop) -> None:
        self.loop = loop
        loop.observer = self
        loop.names = TaskNames(loop.tasks, prepared.words)
        self.adapter = factory()
        self.prepared = prepared
        self.happened: set[Point] = set()  # points of coverage: the moments at which tasks were cancelled
        self._environment = Environment(loop)
        self._manager = self.adapter.begin(self._environment, loop)
        self._rules = self.adapter.kind.rules(cancellation=prepared.faulty)
        self._tasks: list[tuple[int, asyncio.Task[None]]] = []
        self._cancelled: set[int] = set()  # the tasks that a fault has cancelled
        self._cut: set[int] = set()  # of these, the ones whose call waited then, and must not answer as if nothing had been
        self._locks: list[asyncio.Lock] = []  # in the order in which they were first mentioned
        self._lock_names: dict[str, str] = {}
        self.lock_places: dict[int, str] = {}  # where locks were first taken, by identity; kept by a run's narrator
        if isinstance(loop, JobLoop):
            loop.waits_on, loop.shows = self.unfinished, self.digest
        for chain in prepared.chains:
            loop.events.append(Event(chain.start, partial(self._arrive, chain)))
        loop.late = len(prepared.chains)

    @property
    def subject(self) -> object:
        """The adapter."""
        return self._manager

    def digest_parts(self) -> object:
        """The parts that decide the rest of the run and its judgement (`scheduling.state_search.structure`)."""
        tasks = sorted(self._tasks, key=lambda placed: placed[0])
        return self._manager, self._environment, self.judge, tasks, Value(frozenset(self._cancelled))

    # --- hooks for a model

    @abstractmethod
    def called(self, place: int, operation: Any) -> None:
        """The task at `place` calls `operation`: tell the environment who leaves and returns, and the audience."""

    @abstractmethod
    def rested(self, stuck: list["asyncio.Task[None]"]) -> bool:
        """The run is quiescent: judge the state, not yet its tasks and locks. `stuck`: the tasks that have not ended. Returns whether the
        model lets them wait for ever."""

    @abstractmethod
    def digest(self) -> Hashable:
        """What shows."""

    @abstractmethod
    def needless(self, closed: bool) -> bool:
        """Whether every task of the manager should have ended; `closed`: its close() has returned."""

    # --- driving

    def _arrive(self, chain: Chain) -> None:
        self.loop.late -= 1
        self.start(chain)

    def start(self, chain: Chain) -> None:
        """The outside event: the request of `chain` arrives."""
        task = arrive(chain, self.loop, self.fault, self._run)
        self._tasks.append((chain.place, task))

    def unfinished(self) -> list[int]:
        """The tasks that have been started and have not ended."""
        return [place for place, task in self._tasks if not task.done()]

    def fault(self, chain: Chain) -> Event:
        """The cancellation of the task of `chain`."""

        def deliver() -> None:
            for place, task in self._tasks:
                if place == chain.place and not task.done():
                    moment = self._moment(task)
                    self.happened.add(Point(PointKind.CANCELLATION, f"while {moment}"))
                    if moment != ABOUT_TO_RUN:  # else it has been waiting for something that is there now, and may well return it
                        self._cut.add(place)
                    self._cancelled.add(place)
                    task.cancel()

        return Event(chain.cancel, deliver)

    def _moment(self, task: "asyncio.Task[None]") -> str:
        """The moment at which `task` is suspended, as coverage names it."""
        if any(owner(handle) is task for handle in self.loop.ready):
            return ABOUT_TO_RUN
        return "waiting" if awaited(task) is None else "waiting for a lock"

    async def _run(self, chain: Chain, faults: Faults) -> None:
        place, manager, cut, returned = chain.place, self._manager, self._cut, self.audience.returned
        called = self.called if self.adapter.kind.takes_environment else self.audience.called  # nobody else asks who has left
        operation: Any = None
        begins = self.begins
        try:
            for operation, name, arguments, last in self.adapter.kind.sites(chain):
                if begins is not None:
                    await begins(place, operation)
                called(place, operation)
                answer = getattr(manager, name)(*arguments)
                if type(answer) is CoroutineType or hasattr(answer, "__await__"):
                    answer = await answer
                if cut and place in cut:
                    self._swallowed(place, answer)
                returned(place, operation, answer, last)
        except asyncio.CancelledError as error:
            if place in self._cancelled or self._environment.cancels:
                self.audience.cancelled(place, operation)
            else:  # no fault asked for it
                self.audience.raised(place, operation, error)
        except BadObservation as error:  # the adapter's own mistake
            self.judge.show_raised = error
        except Exception as error:  # an exception of the manager is a finding, not our failure
            if (mistake := of_an_earlier_run(error)) is not None:
                self.judge.show_raised = mistake
            self.audience.raised(place, operation, error)
        finally:
            withdraw(faults, self.loop)

    def _swallowed(self, place: int, answer: object) -> None:
        """The task at `place` was cancelled while its call waited; the call returned `answer`, so that no time-out can bound it."""
        self._cut.remove(place)
        self.judge.violated(causes.SWALLOWED, f"{task_name(place)}'s call returned {text_of(answer):.80}", ("answer", answer))

    # --- the end

    def finish(self) -> None:
        """The run is quiescent: judge what must hold then."""
        judge, loop = self.judge, self.loop
        if judge.observed:
            self.happened |= SHOWN
        left = [task for task in loop.tasks if not task.done()]
        stuck = [task for _, task in self._tasks if not task.done()] if left else left
        may = self.rested(stuck)
        if isinstance(judge.show_raised, BadObservation):
            raise judge.show_raised
        if judge.show_raised is not None:
            raise BadAdapter(f"observe() raised {in_a_line(judge.show_raised)}") from judge.show_raised
        if stuck and not may:
            judge_stuck(judge, loop, stuck, self.lock_name)
        if stuck:
            return
        closed = False
        if "close" in self.adapter.kind.has:
            closed = self._close()
            left = [task for task in loop.tasks if not task.done()]
        if left and not self.needless(closed):
            left.clear()
        if left or loop.holding or loop.unhandled:
            judge_left(judge, loop, left, self.lock_name)

    def _close(self) -> bool:
        """Let the adapter close the manager. Returns whether that succeeded."""
        loop = self.loop

        async def close() -> None:
            answer = self._manager.close()
            if hasattr(answer, "__await__"):
                await answer

        if self.audience is not self.judge:
            self.audience.closing()
        task = loop.create_task(close(), name="close")
        steps = 0
        while (loop.ready or loop.events or loop.has_timers()) and steps < CLOSING:
            happen(loop, Order.FIFO, 0)
            steps += 1
        error = task.exception() if task.done() and not task.cancelled() else None
        ended = error is None and task.done()
        if self.audience is not self.judge:
            self.audience.closed("close() returns" if ended else f"raises {type(error).__name__}" if error else "does not return")
        if not task.done():
            at = where(task)
            self.judge.violated(causes.DEADLOCK, "close() does not return" + (f": it waits at {at}" if at else ""))
        elif error is not None:
            self.judge.violated(causes.raised("close", error), told(error))
        if not ended:
            return False  # the things that it leaves behind are no second finding
        loop.report_unretrieved()
        return True

    def let_go(self) -> None:
        """Forget the tasks: a cancelled one keeps its frames, which keep this play alive in a circle."""
        self._tasks.clear()
        self._environment.let_go()

    def lock_name(self, lock: Any) -> str:
        """The name of `lock` in reports: the manager's own if it can be found, else a number, at first with the place that took it."""
        number = self.lock_kind(lock)
        known = self._lock_names.get(number)
        if known is not None:
            return known
        name = self._lock_names[number] = name_in(self._manager, lock) or number
        place = self.lock_places.get(id(lock))
        return f"{name} ({place})" if place and name == number else name

    def lock_kind(self, lock: Any) -> str:
        """Each lock is a kind of its own, numbered by first mention: nothing is known about the order of an adapter's locks."""
        for number, known in enumerate(self._locks, 1):
            if known is lock:
                return f"lock {number}"
        self._locks.append(lock)
        return f"lock {len(self._locks)}"


class CorePlay(AdapterPlay):
    """A run of the core level."""

    adapter: CoreAdapter

    def __init__(
        self,
        factory: Callable[[], CoreAdapter],
        prepared: PreparedCalls,
        loop: ControlledLoop,
        graph: CoreGraph,
        fired: set[str],
        observers: Sequence[Observer] = (),
    ) -> None:
        super().__init__(factory, prepared, loop)
        graph.begin()
        self._sockets = self._rules.options.takes_over
        if self._sockets:
            self.begins = self._socket_ends
        seen_as = partial(graph.seen, prepared, self._maps_of)
        judged = (loop, self.adapter.observe, seen_as, prepared.clients, graph, fired, self._rules)
        if self._rules.options == PLAIN:
            self.judge = CoreJudge(*judged)
        else:
            self.judge = OptionsJudge(*judged, self.received, self.adapter.sees)
        self.audience = audience_of(self.judge, observers)
        self._environment.failed, self._environment.evicted = self.judge.excuse, self.judge.dropped

    def let_go(self) -> None:
        super().let_go()
        self.judge.let_go()

    def _maps_of(self, shown: object) -> Maps:
        """What `observe()` returned. Raises ValueError if it has another shape, or names a client or a topic that the program does not."""
        clients, topics = self.prepared.clients, self.prepared.topics
        maps = maps_of(shown, clients, topics)
        for name, pairs in maps.items():
            for client, topic in pairs:
                if client not in clients or topic not in topics:
                    said = f"{name} has {(client, topic)!r}, which no call named; it must return (client, topic) pairs"
                    raise ValueError(f"{said}; if they are of an earlier run, {ANEW}")
        return maps

    def called(self, place: int, operation: CoreOperation) -> None:
        if isinstance(operation, Disconnect):
            self._environment.leaves(operation.connection)
        elif isinstance(operation, Connect) and self.adapter.kind.reconnects:
            self._environment.returns(operation.connection)
        elif self._sockets and isinstance(operation, Detach):
            self._environment.leaves(operation.socket)
        self.audience.called(place, operation)

    async def _socket_ends(self, place: int, operation: CoreOperation) -> None:
        """The handler of a socket waits until that ends, and detaches it then; cancelled meanwhile, it detaches at once, in a `finally`."""
        if isinstance(operation, Detach):
            try:
                await self._environment.park(f"{operation.socket} ends")
            except asyncio.CancelledError:
                self._cut.discard(place)  # no call was open

    def rested(self, stuck: list["asyncio.Task[None]"]) -> bool:
        if not stuck:
            has = self.adapter.kind.has
            broker = self.adapter.broker(self.prepared.clients) if "broker" in has else None
            self.judge.rest(broker, self.received() if "delivered" in has else None)
        return False

    def needless(self, closed: bool) -> bool:
        return closed or not self.judge.may_live  # while a client is connected, the manager may need a task

    def received(self) -> Any:
        """The messages that each client has received so far."""
        return self.adapter.delivered(each.message for each in self.judge.deliveries.published)

    def digest(self) -> Hashable:
        """The maps and the deliveries at the end, for the count of end states."""
        shown = tuple((name, tuple(sorted(pairs, key=str))) for name, pairs in self.judge.seen.items())
        received = self.received() or {}
        return shown, tuple((str(client), tuple(received[client])) for client in sorted(received, key=str))

    def narrator(self) -> CoreNarrator:
        """The narrator of this run."""
        return CoreNarrator(
            self.judge, self.received, self.lock_name, CoreState(final=self._rules.final, resumes=self._rules.options.resumes)
        )
