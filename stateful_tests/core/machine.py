"""The rule machine of the core level: Hypothesis draws a program while it runs.

As at level 1, an example ends by handing its program on, and the explorer drives many more schedules of it. Operations that an adapter
does not have are not drawn.
"""

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from checking.core.worlds import Graph
from model import core
from model.core import CoreOperation
from scheduling.loop import ControlledLoop
from scheduling.order import Order, candidates, happen, width
from scheduling.watchdog import WATCHDOG, Blocked
from stateful_tests.core.play import Play
from stateful_tests.core.program import CLIENTS, TOPICS, Prepared, Program, compile_chain
from stateful_tests.exploring.level import Drawing, Drawn, Factory

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
LIMIT = 2_000  # names of one run; the explorer's runs may be longer, this one only draws the program
OPEN = 6  # tasks at once; with more, what may have happened is too much to keep


class CoreMachine(RuleBasedStateMachine):
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
        self.over = False  # the run has been given up: it blocks, or does not come to rest
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
            WATCHDOG.watch(None)  # what Hypothesis does until the next step is not the subject's, and on a busy machine takes long
        if self.loop.blocked is not None or len(self.names) > LIMIT:
            self._give_up()

    def _give_up(self) -> None:
        """The explorer will play the program again and judge what is wrong with it; here nothing can go on."""
        self.over = True
        self.loop.abandon()

    def _moving(self) -> bool:
        return bool(self.loop.ready or self.loop.events or self.loop.has_timers())

    # --- the rules

    @initialize(clients=st.sampled_from((CLIENTS, CLIENTS[:1], ())), subscribed=st.booleans())
    def connected(self, clients: tuple[str, ...], subscribed: bool) -> None:
        for client in clients:
            self.start(core.Connect(client))
            while self._moving() and not self.over:
                self._pick(0)
        if subscribed and clients:
            self.start(core.Subscribe(clients[0], TOPICS[0]))
            while self._moving() and not self.over:
                self._pick(0)

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

    @precondition(lambda self: self.loop.ready or self.loop.events)
    @rule(pick=st.integers(0, 9))
    def advance(self, pick: int) -> None:
        self.rules_fired.add("advance")
        self._pick(pick % (width(self.loop, self.order) + len(self.loop.events)))

    @precondition(lambda self: not self.over and self._moving())
    @rule()
    def settle(self) -> None:
        """Let all that can move do so, first in, first out."""
        self.rules_fired.add("settle")
        while self._moving() and not self.over:
            self._pick(0)

    @precondition(lambda self: self.cancelling and not self.over and self._cancellable())
    @rule(pick=st.integers(0, 9))
    def cancel(self, pick: int) -> None:
        """A caller goes away: its task is cancelled where it waits, even if it has been woken already."""
        self.rules_fired.add("cancel")
        running = self._cancellable()
        index = running[pick % len(running)]
        self.program = replace(self.program, faults=(*self.program.faults, index))
        fault = self.play.fault(compile_chain(index, self.program.tasks[index], 1))
        self.names.append(f"+{fault.label}")
        with self.loop.entered():
            fault.deliver()

    def _cancellable(self) -> list[int]:
        return [index for index in self.play.unfinished() if index not in self.program.faults]

    def teardown(self) -> None:
        while self._moving() and not self.over:
            self._pick(0)
        if not self.over:
            with self.loop.entered():
                self.play.finish()
        if self.program.tasks:
            # what a cancellation breaks may be switched off, which is decided by the faults that a program has, and this run began without
            unsure = self.over or (self.program.faults and "P11" in self.play.adapter.kind.off)
            type(self).drawn(self.program, self.names, None if unsure else self.play.judge.violations)
        self.loop.abandon()
        WATCHDOG.watch(None)  # what Hypothesis does between two examples may take long


def machine_for(drawing: Drawing) -> type[CoreMachine]:
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
    return type("CoreMachine", (CoreMachine,), attributes)
