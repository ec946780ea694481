"""Walks through the core model, with which a search of an adapter begins (`exploring.drawing.growth`).

Somebody is there already, is subscribed or not, and may have heard a message. Then calls come, most of which change something in the
state of the model, are heard by somebody, or meet the call before. Some walks go in *laps*: their last calls come again and again, as a
manager's counters of lives and generations need them. At last all who are there hear a message, and get again what they have not
acknowledged: that shows what no map does. Half of the walks end with all clients on one topic, of whom one leaves while a message is under
way; or, where messages are acknowledged, with an acknowledgement while they are sent again.
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
SPOKEN = 0.5  # of walks, which begin with messages
NARROW = 0.5  # of walks, which have fewer names
FEW: tuple[tuple[str, ...], ...] = (CLIENTS, CLIENTS, CLIENTS, CLIENTS[:1])  # their clients
FOCUS = 0.8  # how often their next call is of one of their two kinds
MEETS = 0.35  # how often another next call meets the last one
BY_PATTERN = 0.5  # how often those who hear nothing subscribe to the pattern at last, where there are patterns
MEANWHILE = 0.5  # of walks with acknowledgements, which end with one while messages are sent again
HANDLER = 0.5  # of attaches that begin the handler of a socket
LAPS = 0.25  # of walks, which go in laps
AGAIN = 0.8  # how often their next call is that of the last lap
PARTING = 1 / 2  # of walks, at whose end somebody leaves while a message is under way
FIRSTLY = 1 / 2  # how often it is the first client, to whom a message mostly goes first
AROUND = (2, 2, 3)  # calls of a lap
AWAY = 0.75  # how often a walk leaves its kinds when no call of them would change anything


class Walk:
    """The state to which a walk has led. `every`: the operations to choose from."""

    def __init__(self, every: Sequence[CoreOperation], options: CoreOptions, initial: CoreState) -> None:
        self._every = every
        self._acks = options.acks
        self._patterns = options.patterns
        self._publishes = any(isinstance(operation, core.Publish) for operation in every)
        self.state = initial
        self._sockets = 0
        self._open: set[Id] = set()  # the clients that have heard a message since they last acknowledged
        self._heard: set[Id] = set()  # those that have heard one
        self._left: set[tuple[Id, Id]] = set()  # the topics that clients have been unsubscribed from, with these

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
        made += self._end(random)
        return tuple(chain for chain in made if chain)

    def _begin(self, live: Sequence[Id], topics: Sequence[Id], random: Random) -> tuple[CoreOperation, ...]:
        """The calls by which `live` are there, with some subscriptions."""
        first: list[CoreOperation] = [next(o for o in self._every if o in (core.Connect(c), core.Attach(c, ""))) for c in live]
        first += [core.Subscribe(client, topic) for topic in topics for client in live][: random.choice(FIRST)]
        for operation in first:
            self._called(operation)
        if self._publishes and random.random() < SPOKEN:
            spoken = [core.Publish(topic) for topic in topics if self._hear(topic)] or [core.Publish(topics[0])]
            for operation in spoken:
                self._called(operation)
            first += spoken
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
        elif isinstance(operation, core.Unsubscribe) and operation.connection in self.state.live:
            self._left.add((operation.topic, operation.connection))
        elif isinstance(operation, core.Acknowledge):
            self._open.discard(operation.connection)

    def _end(self, random: Random) -> Tasks:
        """Calls by which all who are there hear a message, and then get again what they have not acknowledged. What clients have left is
        said before: a member that was not removed does not show once it has come back.
        """
        if not self._publishes:
            return ()
        parts = not self._acks and random.random() < PARTING
        left = tuple(core.Publish(topic) for topic in TOPICS if self._is_left(topic))
        joins = self._joins(PATTERN if self._patterns and random.random() < BY_PATTERN else TOPICS[0], all_=parts)
        for operation in joins:
            self._called(operation)
        parting = self._parting(random) if parts else ()
        heard = tuple(core.Publish(topic) for topic in TOPICS if self._hear(topic))
        again = tuple(core.Redeliver(client) for client in CLIENTS if client in self.state.live) if self._acks else ()
        if parting:
            return left, joins, *parting, (*heard, *again)
        if not joins:
            left = tuple(operation for operation in left if operation not in heard)
        if again and heard and random.random() < MEANWHILE:
            late = random.choice(again)
            return (*left, *joins, *heard), (late,), (core.Acknowledge(late.connection),), again
        return ((*left, *joins, *heard, *again),)

    def _is_left(self, topic: Id) -> bool:
        """Whether somebody has left `topic` who could hear a message."""
        return any(each == topic and client in self.state.live for each, client in self._left - self.state.links)

    def _joins(self, joined: Id, *, all_: bool) -> tuple[CoreOperation, ...]:
        """Calls by which all who are there hear something, by a subscription to `joined`; with `all_`, calls by which all clients come and
        hear the same.
        """
        links, live, closed = self.state.links, self.state.live, self.state.closed
        calls: list[CoreOperation] = [core.Connect(client) for client in CLIENTS if all_ and client not in live | closed]
        calls = [each for each in calls if each in self._every]
        there = [client for client in CLIENTS if client in live or core.Connect(client) in calls]
        deaf = [
            client for client in there if not any(each == client and (not all_ or topic in (TOPICS[0], PATTERN)) for topic, each in links)
        ]
        return (*calls, *(core.Subscribe(client, joined) for client in deaf))

    def _parting(self, random: Random) -> Tasks:
        """A message, and a call by which one of those who hear it leaves."""
        hears = [client for client in CLIENTS if client in self._hear(TOPICS[0])]
        ways = (core.Unsubscribe, core.Disconnect, core.Disconnect)
        leaves = [way for way in ways if any(isinstance(operation, way) for operation in self._every)]
        if not (hears and leaves):
            return ()
        client, way = hears[0] if random.random() < FIRSTLY else random.choice(hears), random.choice(leaves)
        heard = TOPICS[0] if (TOPICS[0], client) in self.state.links else PATTERN
        leave = core.Disconnect(client) if way is core.Disconnect else core.Unsubscribe(client, heard)
        self._called(leave)
        return (core.Publish(TOPICS[0]),), (leave,)


def _names(operation: CoreOperation) -> set[Id]:
    """The arguments of `operation`."""
    return {getattr(operation, field) for field in operation.__match_args__}
