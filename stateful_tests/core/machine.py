"""The rule machine of the core level: Hypothesis draws a program while it runs.

As at level 1, an example ends by handing its program on, and the explorer drives many more schedules of it. Operations that an adapter
does not have are not drawn.
"""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from checking.causes import Cause
from checking.core.worlds import Graph
from model import core
from model.core import CoreOperation
from scheduling.events import Event
from stateful_tests.core.play import Play
from stateful_tests.core.program import CLIENTS, TOPICS, Prepared, Program, compile_chain
from stateful_tests.exploring.machine import Machine

CLIENT = st.sampled_from(CLIENTS)
TOPIC = st.sampled_from((*TOPICS[:1], *TOPICS))  # mostly the same, so that operations meet
OPERATION: st.SearchStrategy[CoreOperation] = st.one_of(
    st.builds(core.Subscribe, CLIENT, TOPIC),
    st.builds(core.Unsubscribe, CLIENT, TOPIC),
    st.builds(core.Publish, TOPIC),
    st.builds(core.Disconnect, CLIENT),
    st.builds(core.Teardown, TOPIC),
)
THEN = st.one_of(st.just(()), st.just(()), st.lists(OPERATION, min_size=1, max_size=2).map(tuple))  # what the same caller does next
OPEN = 6  # tasks at once; with more, what may have happened is too much to keep


class CoreMachine(Machine):
    """See `stateful_tests.exploring.machine`."""

    def __init__(self) -> None:
        super().__init__()
        with self.loop.entered():
            self.play = Play(self.factory, Prepared((), CLIENTS, TOPICS), self.loop, Graph(), self.fired)
        self.program = Program(())

    # --- what rules do

    def has(self, name: str) -> bool:
        """Whether the manager has the operation, and another task may start."""
        return name in self.play.adapter.kind.has and len(self.play.unfinished()) < OPEN

    def start(self, *chain: CoreOperation) -> None:
        """The request arrives: a new task is started that calls the operations of `chain`."""
        if self.over or type(self).enough():
            return
        chain = tuple(operation for operation in chain if operation.name in self.play.adapter.kind.has)
        self.arrive(chain[0].name, compile_chain(len(self.program.tasks), chain, 0), chain)

    def struck(self, place: int) -> tuple[int, Event]:
        """The cancellation of a task."""
        return place, self.play.fault(compile_chain(place, self.program.tasks[place], 1))

    def shown(self) -> dict[Cause, int] | None:
        """What a cancellation breaks may be switched off, which is decided by the faults that a program has; this run began without."""
        return None if self.program.faults and "P11" in self.play.adapter.kind.off else super().shown()

    # --- the rules

    @initialize(clients=st.sampled_from((CLIENTS, CLIENTS[:1], ())), subscribed=st.booleans())
    def connected(self, clients: tuple[str, ...], subscribed: bool) -> None:
        for client in clients:
            self.start(core.Connect(client))
            self.rest()
        if subscribed and clients:
            self.start(core.Subscribe(clients[0], TOPICS[0]))
            self.rest()

    @precondition(lambda self: self.has("connect"))
    @rule(c=CLIENT, then=THEN)
    def connect(self, c: str, then: tuple[CoreOperation, ...]) -> None:
        self.start(core.Connect(c), *then)

    @precondition(lambda self: self.has("subscribe"))
    @rule(c=CLIENT, t=TOPIC, then=THEN)
    def subscribe(self, c: str, t: str, then: tuple[CoreOperation, ...]) -> None:
        self.start(core.Subscribe(c, t), *then)

    @precondition(lambda self: self.has("unsubscribe"))
    @rule(c=CLIENT, t=TOPIC, then=THEN)
    def unsubscribe(self, c: str, t: str, then: tuple[CoreOperation, ...]) -> None:
        self.start(core.Unsubscribe(c, t), *then)

    @precondition(lambda self: self.has("publish"))
    @rule(t=TOPIC, count=st.sampled_from((1, 1, 2)))
    def publish(self, t: str, count: int) -> None:
        self.start(*[core.Publish(t)] * count)

    @precondition(lambda self: self.has("disconnect"))
    @rule(c=CLIENT, then=THEN)
    def disconnect(self, c: str, then: tuple[CoreOperation, ...]) -> None:
        self.start(core.Disconnect(c), *then)

    @precondition(lambda self: self.has("teardown"))
    @rule(t=TOPIC, then=THEN)
    def teardown_topic(self, t: str, then: tuple[CoreOperation, ...]) -> None:
        self.start(core.Teardown(t), *then)
