"""The rule machine of the core level, and the base of that of level custom: Hypothesis draws a program while it runs.

As at level manager, an example ends by handing its program on, and the explorer drives many more schedules of it.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from subwarden.checking.causes import Cause
from subwarden.model.core import step as core
from subwarden.model.core.step import CoreOperation
from subwarden.scheduling.events import Event
from subwarden.stateful_tests.exploring.drawing.chains import Chain
from subwarden.stateful_tests.exploring.drawing.machine import Machine
from subwarden.stateful_tests.subjects.core.drawing.vocabulary import HOW, met
from subwarden.stateful_tests.subjects.core.play import CorePlay
from subwarden.stateful_tests.subjects.core.program import CLIENTS, TOPICS, CoreProgram, PreparedCalls, compile_chain
from subwarden.world.loop import WorldLoop

CLIENT = st.sampled_from(CLIENTS)
TOPIC = st.sampled_from((*TOPICS[:1], *TOPICS))  # mostly the same, so that operations meet
OPERATION: st.SearchStrategy[CoreOperation] = st.one_of(
    st.builds(core.Subscribe, CLIENT, TOPIC),
    st.builds(core.Unsubscribe, CLIENT, TOPIC),
    st.builds(core.Publish, TOPIC),
    st.builds(core.Disconnect, CLIENT),
    st.builds(core.Teardown, TOPIC),
)
THEN = st.one_of(st.just(()), st.just(()), st.lists(OPERATION, min_size=1, max_size=2).map(tuple))  # the next operations of the same task
FIRST = [(client, topic) for topic in TOPICS for client in CLIENTS]  # subscriptions that there may be at first
MEETING = st.sampled_from(HOW)
OPEN = 6  # tasks at once; with more, there are too many possible states to keep


class AdapterMachine(Machine):
    """See `stateful_tests.exploring.drawing.machine`. A subclass adds what depends on the model."""

    program: CoreProgram
    loop_class = WorldLoop

    # --- hooks for a model

    def compiled(self, place: int, chain: tuple[Any, ...], faults: int) -> Chain:
        """The task at `place`, which calls the operations of `chain`."""
        raise NotImplementedError

    # --- actions of the rules

    def room(self) -> bool:
        """Whether another task may start."""
        return len(self.play.unfinished()) < OPEN

    def start(self, rule_name: str, chain: tuple[Any, ...]) -> None:
        """A request arrives: start a task that calls the operations of `chain`."""
        if not self.over and not type(self).enough():
            self.arrive(rule_name, self.compiled(len(self.program.tasks), chain, 0), chain)

    def cancellation(self, place: int) -> tuple[int, Event]:
        """The cancellation of a task."""
        return place, self.play.fault(self.compiled(place, self.program.tasks[place], 1))

    def shown(self) -> dict[Cause, int] | None:
        """None if P11 is switched off and there was a cancellation: this run began without one, so its judge does not know that."""
        return None if self.program.faults and "P11" in self.play.adapter.kind.off else super().shown()


class CoreMachine(AdapterMachine):
    """Draws the core operations that the adapter has."""

    def __init__(self) -> None:
        super().__init__()
        with self.loop.entered():
            self.play = CorePlay(
                self.factory,
                self.named(),
                self.loop,
                self.graph(),
                self.fired,
            )
        self.program = CoreProgram(())

    def named(self) -> PreparedCalls:
        """No calls yet, and the clients and topics that they may name."""
        return PreparedCalls((), dict.fromkeys(CLIENTS), dict.fromkeys(TOPICS), faulty=False, words=frozenset(CLIENTS + TOPICS))

    def compiled(self, place: int, chain: tuple[CoreOperation, ...], faults: int) -> Chain:
        return compile_chain(place, chain, faults)

    def has(self, name: str) -> bool:
        """Whether the manager has the operation, and another task may start."""
        return name in self.play.adapter.kind.has and self.room()

    def call(self, *chain: CoreOperation) -> None:
        """Start a task that calls the operations of `chain` that the manager has."""
        chain = tuple(operation for operation in chain if self.play.adapter.kind.plays(operation))
        self.start(chain[0].name, chain)

    # --- the rules

    @initialize(clients=st.sampled_from((CLIENTS, CLIENTS, CLIENTS[:1], ())), subscribed=st.sampled_from((0, 1, 2, 2, 3, 4)))
    def connected(self, clients: tuple[str, ...], subscribed: int) -> None:
        """The manager is used already: many mistakes need more than a first client on a first topic."""
        for client in clients:
            self.call(core.Connect(client))
            self.rest()
        for client, topic in FIRST[:subscribed]:
            if client in clients:
                self.call(core.Subscribe(client, topic))
                self.rest()

    @precondition(lambda self: self.room() and self.program.tasks and self.meeting())
    @rule(how=MEETING, pick=st.integers(0, 2), then=THEN)
    def meet(self, how: str, pick: int, then: tuple[CoreOperation, ...]) -> None:
        """A call that meets a late one: the same again, its undoing, or the same of another client. Drawn apart, calls seldom meet."""
        late = self.meeting()
        self.call(met(late[pick % len(late)], how, self.play.adapter.kind.plays), *then)

    def meeting(self) -> list[CoreOperation]:
        """The last calls of the last tasks, which another call may meet."""
        return [chain[-1] for chain in reversed(self.program.tasks[-3:])]

    @precondition(lambda self: self.has("connect"))
    @rule(c=CLIENT, then=THEN)
    def connect(self, c: str, then: tuple[CoreOperation, ...]) -> None:
        self.call(core.Connect(c), *then)

    @precondition(lambda self: self.has("subscribe"))
    @rule(c=CLIENT, t=TOPIC, then=THEN)
    def subscribe(self, c: str, t: str, then: tuple[CoreOperation, ...]) -> None:
        self.call(core.Subscribe(c, t), *then)

    @precondition(lambda self: self.has("unsubscribe"))
    @rule(c=CLIENT, t=TOPIC, then=THEN)
    def unsubscribe(self, c: str, t: str, then: tuple[CoreOperation, ...]) -> None:
        self.call(core.Unsubscribe(c, t), *then)

    @precondition(lambda self: self.has("publish"))
    @rule(t=TOPIC, count=st.sampled_from((1, 1, 2)))
    def publish(self, t: str, count: int) -> None:
        self.call(*[core.Publish(t)] * count)

    @precondition(lambda self: self.has("disconnect"))
    @rule(c=CLIENT, then=THEN)
    def disconnect(self, c: str, then: tuple[CoreOperation, ...]) -> None:
        self.call(core.Disconnect(c), *then)

    @precondition(lambda self: self.has("teardown"))
    @rule(t=TOPIC, then=THEN)
    def teardown_topic(self, t: str, then: tuple[CoreOperation, ...]) -> None:
        self.call(core.Teardown(t), *then)
