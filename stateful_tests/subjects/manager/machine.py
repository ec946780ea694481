"""The rule machine of level manager: Hypothesis draws a program while it runs.

One rule starts an operation as a task, one runs a chosen step or delivers an outside event, one cancels. After every step the judge
compares the maps with the model.
"""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from subwarden.checking.manager.graph import ManagerNode
from subwarden.model.manager import operations as op
from subwarden.model.manager.operations import Operation
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Call
from subwarden.proving.manager.scope import Request
from subwarden.scheduling.events import Event
from subwarden.stateful_tests.exploring.drawing.machine import Machine
from subwarden.stateful_tests.exploring.observers import Observer
from subwarden.stateful_tests.subjects.manager.compiled import compile_chain
from subwarden.stateful_tests.subjects.manager.play import ManagerPlay
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

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
# the operations of a task on the state that it received: none, those of `ensure listener`, a part of a listener's, a late one, or any
THEN = st.one_of(
    st.just(()),
    st.builds(lambda v: (op.StateSetListener(v),), CONVERSATIONS),
    st.builds(lambda v, events: (op.StateSetListener(v), *TURN[:events]), CONVERSATIONS, st.integers(1, 3)),
    st.builds(lambda late: (op.HoldState(), late), STATE_OPERATION),
    st.lists(STATE_OPERATION, min_size=1, max_size=3).map(tuple),
)

Transitions = set[tuple[State, Request]]


class TransitionsTaken(Observer):
    """Collects the model's transitions for the coverage of its graph, which does not tell incarnations apart."""

    def __init__(self, transitions: Transitions) -> None:
        self._transitions = transitions

    def took(self, node: ManagerNode, call: Call) -> None:
        """`call` took effect in the state `node`. Told by the judge."""
        state = node.state
        if call.thread is not None:
            entry = state.entry(call.thread)
            if entry is None or entry.incarnation != call.incarnation:
                return
        state = replace(state, incarnations=0, entries=tuple((t, e._replace(incarnation=t, generation=0)) for t, e in state.entries))
        self._transitions.add((state, Request(call.operation, call.thread)))


class ManagerMachine(Machine):
    """See `stateful_tests.exploring.drawing.machine`."""

    early_timers = True
    transitions: Transitions

    def __init__(self) -> None:
        super().__init__()
        with self.loop.entered():
            taken = TransitionsTaken(self.transitions)
            self.play = ManagerPlay(self.factory, (), self.loop, self.graph(), self.fired, [taken])
        self.program = ManagerProgram(())

    # --- actions of the rules

    def start(self, *chain: Operation) -> None:
        """A request arrives: start a task that calls the operations of `chain`."""
        if self.over or type(self).enough():
            return
        self.arrive(chain[0].name, compile_chain(len(self.program.tasks), chain, 0), chain)

    def cancellation(self, place: int) -> tuple[int, Event]:
        """The cancellation of a task."""
        return place, self.play.fault(compile_chain(place, self.program.tasks[place], 1))

    # --- the rules

    @initialize(connections=st.sampled_from(((1, 2), (1,), ())), threads=st.sampled_from(((1,), (1, 2), ())))
    def connected(self, connections: tuple[int, ...], threads: tuple[int, ...]) -> None:
        for connection in connections:
            self.start(op.ConnectionInitialized(connection))
            self._run_ready()
        for thread in threads:
            self.start(op.TryEnsureConnectionSubscribed(thread, connections[0], False) if connections else op.ThreadState(thread))
            self._run_ready()

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

    @rule(t=THREADS)
    def remove_again(self, t: int) -> None:
        """Makes teardowns more likely: they seldom overtake other operations."""
        self.start(op.RemoveThreadState(t))

    @precondition(lambda self: self.loop.ready)
    @rule()
    def settle(self) -> None:
        """Run all ready steps, first in, first out, without any outside event."""
        self.rules_fired.add("settle")
        self._run_ready()

    def _run_ready(self) -> None:
        while self.loop.ready:
            self.pick(0)
