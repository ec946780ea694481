"""The rule machine of level 1: Hypothesis draws a program while it runs.

A rule starts an operation as a task, another advances a chosen step or delivers an outside event, another cancels. After every step
the judge compares what shows with the model. One Hypothesis example costs milliseconds, a schedule a fraction of one; so an example
ends by handing its program on, and the explorer drives many more schedules of it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from checking.nodes import Graph, Node
from model import operations as op
from model.operations import Operation
from model.scope import Request
from model.state import State
from model.step import Call
from scheduling.order import Order, candidates, happen, loop_for, width
from scheduling.watchdog import WATCHDOG, Blocked
from stateful_tests.exploring.level import Drawing, Drawn, Factory
from stateful_tests.level1.compiled import compile_chain
from stateful_tests.level1.play import Play
from stateful_tests.level1.program import Program

CONNECTIONS = st.integers(1, 2)
THREADS = st.sampled_from((1, 1, 2))  # mostly the same, so that operations meet
SUBSCRIPTIONS = st.sampled_from((1, 1, 2))
CONVERSATIONS = st.integers(1, 2)
STATE_OPERATION = st.one_of(
    st.builds(op.StateSetListener, CONVERSATIONS),
    st.builds(op.StateClearListener),
    st.builds(op.StateListenerMatches, CONVERSATIONS),
    st.builds(op.StateTrackEvent, st.sampled_from(op.TurnEvent)),
    st.builds(op.HoldState),
)
TURN = tuple(op.StateTrackEvent(event) for event in op.TurnEvent)
# what a task does with the state it was given: nothing, what `ensure listener` does, part of what a listener does, something late, or
# anything
THEN = st.one_of(
    st.just(()),
    st.builds(lambda v: (op.StateSetListener(v),), CONVERSATIONS),
    st.builds(lambda v, events: (op.StateSetListener(v), *TURN[:events]), CONVERSATIONS, st.integers(1, 3)),
    st.builds(lambda late: (op.HoldState(), late), STATE_OPERATION),
    st.lists(STATE_OPERATION, min_size=1, max_size=3).map(tuple),
)

LIMIT = 2_000  # names of one run; the explorer's runs may be longer, this one only draws the program

Transitions = set[tuple[State, Request]]


class Level1Machine(RuleBasedStateMachine):
    """Bound to a subject, an order and a listener by `machine_for`; not to be used as it is."""

    factory: Factory
    order: Order
    cancelling: bool
    drawn: Drawn
    enough: Callable[[], bool]
    fired: set[str]
    rules_fired: set[str]
    happened: set[str]
    transitions: Transitions

    def __init__(self) -> None:
        super().__init__()
        self.loop = loop_for(self.order)
        self.names: list[str] = []
        self.over = False  # the run has been given up: it blocks, or does not come to rest
        with self.loop.entered():
            self.play = Play(self.factory, (), self.loop, Graph(), self.fired, self._take)
        self.program = Program(())

    def _take(self, node: Node, call: Call) -> None:
        """Note a transition of the model, as coverage of its graph counts it: whatever the number of the incarnation."""
        state = node.state
        if call.thread is not None:
            entry = state.entry(call.thread)
            if entry is None or entry.incarnation != call.incarnation:
                return
        state = replace(state, incarnations=0, entries=tuple((t, e._replace(incarnation=t, generation=0)) for t, e in state.entries))
        self.transitions.add((state, Request(call.operation, call.thread)))

    # --- what rules do

    def start(self, *chain: Operation) -> None:
        """The request arrives: a new task is started that calls the operations of `chain`."""
        if self.over or type(self).enough():
            return
        task = compile_chain(len(self.program.tasks), chain, 0)
        self.program = Program((*self.program.tasks, chain), self.program.faults)
        self.rules_fired.add(chain[0].name)
        self.names.append(f"+{task.start}")
        if self.loop.ready:
            self.happened.add(f"order {self.order.value}: an outside event between ready steps")
        with self.loop.entered():
            self.play.start(task)

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
            self._give_up()

    def _give_up(self) -> None:
        """The explorer will play the program again and judge what is wrong with it; here nothing can go on."""
        self.over = True
        self.loop.abandon()

    # --- the rules

    @initialize(connections=st.sampled_from(((1, 2), (1,), ())))
    def connected(self, connections: tuple[int, ...]) -> None:
        for connection in connections:
            self.start(op.ConnectionInitialized(connection))
            while self.loop.ready:
                self._pick(0)

    @rule(c=CONNECTIONS)
    def connection_initialized(self, c: int) -> None:
        self.start(op.ConnectionInitialized(c))

    @rule(c=CONNECTIONS)
    def remove_connection(self, c: int) -> None:
        self.start(op.RemoveConnection(c))

    @rule(t=THREADS)
    def subscribed_connection_ids(self, t: int) -> None:
        self.start(op.SubscribedConnectionIds(t))

    @rule(t=THREADS)
    def has_subscribers(self, t: int) -> None:
        self.start(op.HasSubscribers(t))

    @rule(t=THREADS, then=THEN)
    def thread_state(self, t: int, then: tuple[Operation, ...]) -> None:
        self.start(op.ThreadState(t), *then)

    @rule(t=THREADS, c=CONNECTIONS, raw=st.booleans(), then=THEN)
    def try_ensure_connection_subscribed(self, t: int, c: int, raw: bool, then: tuple[Operation, ...]) -> None:
        self.start(op.TryEnsureConnectionSubscribed(t, c, raw), *then)

    @rule(t=THREADS, c=CONNECTIONS)
    def try_add_connection_to_thread(self, t: int, c: int) -> None:
        self.start(op.TryAddConnectionToThread(t, c))

    @rule(s=SUBSCRIPTIONS, t=THREADS, c=CONNECTIONS, raw=st.booleans(), then=THEN)
    def set_listener(self, s: int, t: int, c: int, raw: bool, then: tuple[Operation, ...]) -> None:
        self.start(op.SetListener(s, t, c, raw), *then)

    @rule(s=SUBSCRIPTIONS)
    def remove_listener(self, s: int) -> None:
        self.start(op.RemoveListener(s))

    @rule(t=THREADS, c=CONNECTIONS)
    def unsubscribe_connection_from_thread(self, t: int, c: int) -> None:
        self.start(op.UnsubscribeConnectionFromThread(t, c))

    @rule(t=THREADS)
    def remove_thread_state(self, t: int) -> None:
        self.start(op.RemoveThreadState(t))

    @precondition(lambda self: self.loop.ready or self.loop.events)
    @rule(pick=st.integers(0, 9))
    def advance(self, pick: int) -> None:
        self.rules_fired.add("advance")
        self._pick(pick % (width(self.loop, self.order) + len(self.loop.events)))

    @precondition(lambda self: self.loop.ready)
    @rule()
    def settle(self) -> None:
        """Let all that is ready run, first in, first out."""
        self.rules_fired.add("settle")
        while self.loop.ready:
            self._pick(0)

    @precondition(lambda self: self.cancelling and not self.over and self._cancellable())
    @rule(pick=st.integers(0, 9))
    def cancel(self, pick: int) -> None:
        """A caller goes away: its task is cancelled where it waits, even if it has been woken already."""
        self.rules_fired.add("cancel")
        running = self._cancellable()
        index = running[pick % len(running)]
        self.program = Program(self.program.tasks, (*self.program.faults, index))
        fault = self.play.fault(compile_chain(index, self.program.tasks[index], 1))
        self.names.append(f"+{fault.label}")
        with self.loop.entered():
            fault.deliver()

    def _cancellable(self) -> list[int]:
        return [index for index in self.play.unfinished() if index not in self.program.faults]

    def teardown(self) -> None:
        while self.loop.ready or self.loop.events:
            self._pick(0)
        if not self.over:
            with self.loop.entered():
                self.play.finish()
        if self.program.tasks:
            type(self).drawn(self.program, self.names, None if self.over else self.play.judge.violations)
        self.loop.abandon()
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
        "transitions": drawing.transitions,
    }
    return type("Level1Machine", (Level1Machine,), attributes)
