"""Walks through the core model, with which a search of an adapter begins (`exploring.drawing.growth`).

Somebody is there already, and is subscribed or not. Then calls come, most of which change something in the state of the model, are heard
by somebody, or meet the call before. Some walks go in *laps*: their last calls come again and again, as a manager's counters of lives and
generations need them. At last all who are there hear a message, and get again what they have not acknowledged: that shows what no map
does.
"""

from collections.abc import Callable, Sequence
from random import Random

from subwarden.model.core import step as core
from subwarden.model.core.options import PATTERN, CoreOptions
from subwarden.model.core.step import CoreOperation, CoreState, Id, core_step
from subwarden.stateful_tests.exploring.drawing.varied import OPERATIONS, Tasks
from subwarden.stateful_tests.subjects.core.program import CLIENTS, TOPICS

Meets = Callable[[CoreOperation, Random], CoreOperation]

LIVE: tuple[tuple[str, ...], ...] = (CLIENTS, CLIENTS, CLIENTS[:1], ())  # who is there at first
FIRST = (0, 1, 2, 3, 4)  # subscriptions at first
NARROW = 0.5  # of walks, which have fewer names
FEW: tuple[tuple[str, ...], ...] = (CLIENTS, CLIENTS, CLIENTS, CLIENTS[:1])  # their clients
FOCUS = 0.8  # how often their next call is of one of their two kinds
MEETS = 0.35  # how often another next call meets the last one
HANDLER = 0.5  # of attaches that begin the handler of a socket
LAPS = 0.25  # of walks, which go in laps
AGAIN = 0.8  # how often their next call is that of the last lap
AROUND = (2, 2, 3)  # calls of a lap
AWAY = 0.75  # how often a walk leaves its kinds when no call of them would change anything


class Walk:
    """The state to which a walk has led. `every`: the operations to choose from."""

    def __init__(self, every: Sequence[CoreOperation], options: CoreOptions, initial: CoreState) -> None:
        self._every = every
        self._acks = options.acks
        self._publishes = any(isinstance(operation, core.Publish) for operation in every)
        self.state = initial
        self._sockets = 0
        self._open: set[Id] = set()  # the clients that have heard a message since they last acknowledged
        self._heard: set[Id] = set()  # those that have heard one

    def make(self, kinds: tuple[str, ...], length: int, meets: Meets, random: Random) -> Tasks:
        """About `length` calls, mostly of `kinds`, beside those at the ends."""
        narrow, laps = random.random() < NARROW, random.random() < LAPS
        clients, topics = (random.choice(FEW), TOPICS[:1]) if narrow else (CLIENTS, TOPICS)
        every = [o for o in self._every if _names(o) <= {*clients, *topics, PATTERN, ""}]
        about = [o for o in every if o.name in kinds]
        made = [self._begin([client for client in random.choice(LIVE) if client in clients], topics, random)]
        calls: list[CoreOperation] = list(made[0])
        most = min(len(calls) + length, OPERATIONS)
        back = random.choice(AROUND)

        def following() -> CoreOperation:
            """The next call."""
            if laps and len(calls) >= back and self._tells(calls[-back]) and random.random() < AGAIN:
                return calls[-back]
            if narrow and random.random() < FOCUS:
                return random.choice(self._telling(about) or (random.random() < AWAY and self._telling(every)) or about)
            if calls and random.random() < MEETS:
                return meets(calls[-1], random)
            return random.choice(self._telling(every) or every)

        while len(calls) < most:
            operation = following()
            if isinstance(operation, core.Detach):
                continue  # only the handler of a socket ends it
            chain = self._handler(operation) if random.random() < HANDLER else (operation,)
            for each in chain:
                self._called(each)
            made.append(chain)
            calls += chain
        made.append(self._end())
        return tuple(chain for chain in made if chain)

    def _begin(self, live: Sequence[Id], topics: Sequence[Id], random: Random) -> tuple[CoreOperation, ...]:
        """The calls by which `live` are there, with some subscriptions."""
        first: list[CoreOperation] = [next(o for o in self._every if o in (core.Connect(c), core.Attach(c, ""))) for c in live]
        first += [core.Subscribe(client, topic) for topic in topics for client in live][: random.choice(FIRST)]
        for operation in first:
            self._called(operation)
        return tuple(first)

    def _handler(self, operation: CoreOperation) -> tuple[CoreOperation, ...]:
        """The handler of a socket, from its begin to its end, if `operation` is the begin."""
        if not isinstance(operation, core.Attach):
            return (operation,)
        client = operation.connection
        return operation, core.Subscribe(client, TOPICS[0]), core.Detach(client, operation.socket)

    def _telling(self, among: Sequence[CoreOperation]) -> Sequence[CoreOperation]:
        """Those that change the state or are heard by somebody."""
        return [operation for operation in among if self._tells(operation)]

    def _tells(self, operation: CoreOperation) -> bool:
        if isinstance(operation, core.Publish):
            return bool(self._hear(operation.topic))
        if isinstance(operation, core.Disconnect):
            return operation.connection in self.state.live
        if isinstance(operation, core.Acknowledge):
            return operation.connection in self._open & self.state.live
        if isinstance(operation, core.Redeliver):
            return operation.connection in self._heard & self.state.live
        return core_step(self.state, self._new(operation)).state != self.state

    def _hear(self, topic: Id) -> set[Id]:
        """The clients that hear a message to `topic`."""
        return {client for each, client in self.state.links if each in (topic, PATTERN)}

    def _new(self, operation: CoreOperation) -> CoreOperation:
        """Each attach has a socket of its own, which the next detach of its client ends."""
        if isinstance(operation, core.Attach):
            return core.Attach(operation.connection, f"s{self._sockets + 1}")
        if isinstance(operation, core.Detach):
            return core.Detach(operation.connection, f"s{self._sockets}")
        return operation

    def _called(self, operation: CoreOperation) -> None:
        """`operation` was called, and has been answered."""
        self.state = core_step(self.state, self._new(operation)).state
        self._sockets += isinstance(operation, core.Attach)
        if isinstance(operation, core.Publish):
            self._heard |= self._hear(operation.topic)
            self._open |= self._hear(operation.topic)
        elif isinstance(operation, core.Acknowledge):
            self._open.discard(operation.connection)

    def _end(self) -> tuple[CoreOperation, ...]:
        """Calls by which all who are there hear a message, and then get again what they have not acknowledged."""
        if not self._publishes:
            return ()
        state = self.state
        deaf = [client for client in CLIENTS if client in state.live and not any(each == client for _, each in state.links)]
        joins = [core.Subscribe(client, TOPICS[0]) for client in deaf]
        heard = [topic for topic in TOPICS if (joins and topic == TOPICS[0]) or self._hear(topic)]
        again = [core.Redeliver(client) for client in CLIENTS if client in state.live] if self._acks else []
        return (*joins, *map(core.Publish, heard), *again)


def _names(operation: CoreOperation) -> set[Id]:
    """The arguments of `operation`."""
    return {getattr(operation, field) for field in operation.__match_args__}
