"""The rule machine of level 2: Hypothesis draws clients' requests while they are played.

A rule lets a request arrive, another advances a chosen step or lets the environment move, another cancels a handler. What a run that
nobody interfered with would show is drawn here; many more schedules of the same program are the explorer's.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from checking.protocol_nodes import ProtocolGraph
from impl.protocol.simulated_engine import STORED
from model import requests as rq
from model.requests import Request
from scheduling.loop import ControlledLoop
from scheduling.order import Order, candidates, happen, width
from scheduling.watchdog import WATCHDOG, Blocked
from stateful_tests.exploring.level import Drawing, Drawn
from stateful_tests.level2.play import Factory, Play, prepare, prepare_task
from stateful_tests.level2.program import Fault, Goes, Program

CONNECTIONS = st.sampled_from((1, 2, 1, 2, 3))
PLACES = st.integers(0, 5)  # of a thread among those that there are, the first mostly
SUBSCRIPTIONS = st.sampled_from((1, 1, 2))
LIMIT = 5_000  # names of one run; the explorer's runs may be longer, this one only draws the program


class Level2Machine(RuleBasedStateMachine):
    """Bound to a subject, an order and a listener by `machine_for`; not to be used as it is."""

    factory: Factory
    order: Order
    cancelling: bool
    drawn: Drawn
    enough: Callable[[], bool]
    fired: set[str]
    rules_fired: set[str]
    happened: set[str]

    def __init__(self) -> None:
        super().__init__()
        self.loop = ControlledLoop(suspend_free_locks=self.order is Order.ANY)
        self.names: list[str] = []
        self.over = False
        self.program = Program(())
        self.made: list[int] = []
        with self.loop.entered():
            self.play = Play(self.factory, prepare(self.program), self.loop, ProtocolGraph(), self.fired)

    # --- what rules do

    def arrive(self, request: Request) -> None:
        """The request arrives."""
        if self.over or type(self).enough():
            return
        place = len(self.program.tasks)
        task = prepare_task(place, request, ())
        self.program = Program((*self.program.tasks, (request,)), self.program.faults)
        self.rules_fired.add(request.name)
        self.names.append(f"+{task.start}")
        if self.loop.ready:
            self.happened.add(f"order {self.order.value}: an outside event between ready steps")
        with self.loop.entered():
            self.play.start(task)

    def _thread(self, place: int) -> int:
        known = [STORED[0], *self.made, STORED[0], *STORED]
        return known[place % len(known)]

    def _make(self) -> int:
        self.made.append(max(STORED) + 1 + len(self.made))
        return self.made[-1]

    def _pick(self, pick: int) -> None:
        """Let candidate `pick` happen, alone, and look."""
        self.names.append(candidates(self.loop, self.order)[pick])
        steps = width(self.loop, self.order)
        if pick >= steps > 0:
            self.happened.add(f"order {self.order.value}: an outside event between ready steps")
        elif pick > 0 < steps:
            self.happened.add("order any: a ready step before an older one")
        WATCHDOG.watch(self.loop)
        try:
            with self.loop.entered():
                if happen(self.loop, self.order, pick):
                    self.play.judge.stepped()
        except Blocked:  # outside of any task
            pass
        finally:
            WATCHDOG.watch(None)  # what Hypothesis does until the next step is not the subject's
        if self.loop.blocked is not None or len(self.names) > LIMIT:
            self.over = True
            self.loop.abandon()

    def _settle(self) -> None:
        while (self.loop.ready or self.loop.events or self.loop.has_timers()) and not self.over:
            self._pick(0)

    # --- the rules

    @initialize(connections=st.sampled_from(((1, 2), (1, 2), (1,), (1, 2, 3))), resumed=st.sampled_from(((1, 2), (1,), ())))
    def connected(self, connections: tuple[int, ...], resumed: tuple[int, ...]) -> None:
        for connection in connections:
            self.arrive(rq.Initialize(connection))
            self._settle()
        for connection in resumed:
            if connection in connections:
                self.arrive(rq.Resume(connection, STORED[0]))
                self._settle()

    @rule(c=CONNECTIONS)
    def initialize_connection(self, c: int) -> None:
        self.arrive(rq.Initialize(c))

    @rule(c=CONNECTIONS)
    def close(self, c: int) -> None:
        self.arrive(rq.Close(c))

    @rule(c=CONNECTIONS, raw=st.booleans())
    def thread_start(self, c: int, raw: bool) -> None:
        self.arrive(rq.Start(c, self._make(), raw))

    @rule(c=CONNECTIONS, place=PLACES)
    def thread_resume(self, c: int, place: int) -> None:
        self.arrive(rq.Resume(c, self._thread(place)))

    @rule(c=CONNECTIONS, place=PLACES)
    def resume_again(self, c: int, place: int) -> None:
        """Another chance for what matters most."""
        self.arrive(rq.Resume(c, self._thread(place)))

    @rule(c=CONNECTIONS, place=PLACES)
    def thread_fork(self, c: int, place: int) -> None:
        self.arrive(rq.Fork(c, self._thread(place), self._make()))

    @rule(c=CONNECTIONS, place=PLACES)
    def thread_unsubscribe(self, c: int, place: int) -> None:
        self.arrive(rq.Unsubscribe(c, self._thread(place)))

    @rule(c=CONNECTIONS, place=PLACES)
    def unsubscribe_again(self, c: int, place: int) -> None:
        """As above."""
        self.arrive(rq.Unsubscribe(c, self._thread(place)))

    @rule(c=CONNECTIONS, place=PLACES)
    def thread_archive(self, c: int, place: int) -> None:
        self.arrive(rq.Archive(c, self._thread(place)))

    @rule(c=CONNECTIONS)
    def thread_loaded_list(self, c: int) -> None:
        self.arrive(rq.ListLoaded(c))

    @rule(c=CONNECTIONS, place=PLACES, asks=st.booleans())
    def turn_start(self, c: int, place: int, asks: bool) -> None:
        self.arrive(rq.TurnStart(c, self._thread(place), asks))

    @rule(c=CONNECTIONS, place=PLACES)
    def turn_interrupt(self, c: int, place: int) -> None:
        self.arrive(rq.TurnInterrupt(c, self._thread(place)))

    @rule(c=CONNECTIONS, place=PLACES)
    def thread_rollback(self, c: int, place: int) -> None:
        self.arrive(rq.Rollback(c, self._thread(place)))

    @rule(c=CONNECTIONS, s=SUBSCRIPTIONS, place=PLACES, raw=st.booleans())
    def add_listener(self, c: int, s: int, place: int, raw: bool) -> None:
        self.arrive(rq.AddListener(c, s, self._thread(place), raw))

    @rule(c=CONNECTIONS, s=SUBSCRIPTIONS)
    def remove_listener(self, c: int, s: int) -> None:
        self.arrive(rq.RemoveListener(c, s))

    @precondition(lambda self: self.loop.ready or self.loop.events)
    @rule(pick=st.integers(0, 9))
    def advance(self, pick: int) -> None:
        self.rules_fired.add("advance")
        self._pick(pick % (width(self.loop, self.order) + len(self.loop.events)))

    @precondition(lambda self: self.loop.ready or self.loop.events)
    @rule()
    def settle(self) -> None:
        """Let all that can happen do so, until the system is at rest."""
        self.rules_fired.add("settle")
        self._settle()

    @precondition(lambda self: self.cancelling and not self.over and self._cancellable())
    @rule(pick=st.integers(0, 9))
    def cancel(self, pick: int) -> None:
        """The handler of a request is cancelled where it waits, even if it has been woken already."""
        self.rules_fired.add("cancel")
        running = self._cancellable()
        place = running[pick % len(running)]
        fault = Fault(Goes.CANCELLED, place)
        self.program = Program(self.program.tasks, (*self.program.faults, fault))
        event = self.play.fault(prepare_task(place, self.program.tasks[place][0], (fault,)))
        self.names.append(f"+{event.label}")
        with self.loop.entered():
            event.deliver()

    def _cancellable(self) -> list[int]:
        return [place for place in self.play.handled() if Fault(Goes.CANCELLED, place) not in self.program.faults]

    def teardown(self) -> None:
        self._settle()
        if not self.over:
            with self.loop.entered():
                self.play.finish()
        if self.program.tasks:
            type(self).drawn(self.program, self.names, None if self.over else self.play.judge.violations)
        self.loop.abandon()
        self.play.let_go()
        WATCHDOG.watch(None)  # what Hypothesis does between two examples may take long


def machine_for(drawing: Drawing) -> Any:
    """A machine class for this subject and order."""
    attributes: dict[str, object] = {
        "factory": staticmethod(drawing.factory),
        "order": drawing.order,
        "cancelling": drawing.cancel,
        "drawn": staticmethod(drawing.drawn),
        "enough": staticmethod(drawing.enough),
        "fired": drawing.fired,
        "rules_fired": drawing.rules,
        "happened": drawing.happened,
    }
    return type("Level2Machine", (Level2Machine,), attributes)
