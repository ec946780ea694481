"""The operations of the core model as a search draws and varies them: calls that meet others (`exploring.drawing.varied`)."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from subwarden.model.core import step as core
from subwarden.model.core.options import PATTERN
from subwarden.model.core.step import CoreOperation, CoreState, Id, core_step
from subwarden.stateful_tests.exploring.drawing.varied import OPERATIONS, Tasks
from subwarden.stateful_tests.subjects.core.program import CLIENTS, TOPICS, CoreProgram

HOW = ("again", "undo", "undo", "another's")  # how a call meets the one before it
UNDONE: dict[type[CoreOperation], type[CoreOperation]] = {
    core.Connect: core.Disconnect,
    core.Subscribe: core.Unsubscribe,
    core.Unsubscribe: core.Subscribe,
    core.Disconnect: core.Connect,
    core.Attach: core.Detach,
    core.Detach: core.Attach,
}
EVERY: tuple[CoreOperation, ...] = (
    *(made for client in CLIENTS for made in (core.Connect(client), core.Attach(client, ""), core.Disconnect(client))),
    *(core.Subscribe(client, topic) for client in CLIENTS for topic in (*TOPICS[:1], *TOPICS, PATTERN)),  # mostly the same topic
    *(core.Unsubscribe(client, topic) for client in CLIENTS for topic in (*TOPICS[:1], *TOPICS, PATTERN)),
    *(made for topic in TOPICS for made in (core.Publish(topic), core.Teardown(topic))),
    *(made for client in CLIENTS for made in (core.Acknowledge(client), core.Redeliver(client))),
)
LIVE: tuple[tuple[str, ...], ...] = (CLIENTS, CLIENTS[:1], CLIENTS[:1], ())  # who is there at first
FIRST = (0, 0, 1, 1, 2, 3, 4)  # subscriptions at first
LEAST = 4  # calls at the end of a walk, at most
NARROW = 0.5  # of walks, which have fewer names
FEW: tuple[tuple[str, ...], ...] = (CLIENTS, CLIENTS, CLIENTS, CLIENTS[:1])  # their clients
FOCUS = 0.8  # how often their next call is of one of their two kinds
MEETS = 0.35  # how often another next call meets the last one
HANDLER = 0.5  # of attaches that begin the handler of a socket


class CoreVocabulary:
    """See `exploring.drawing.varied.Vocabulary`. `plays`: whether the manager has an operation."""

    def __init__(self, plays: Callable[[CoreOperation], bool]) -> None:
        self._plays = plays
        self._every = tuple(filter(plays, EVERY))
        self.kinds = tuple(dict.fromkeys(operation.name for operation in self._every))
        self.program: Callable[[Tasks], CoreProgram] = CoreProgram

    def fresh(self, random: Random) -> CoreOperation:
        return random.choice(self._every)

    def meets(self, operation: CoreOperation, random: Random) -> CoreOperation:
        return met(operation, random.choice(HOW), self._plays)

    def walk(self, kinds: tuple[str, ...], length: int, random: Random) -> Tasks:
        """Somebody is there already, and is subscribed or not; then calls come, most of which change something in the state of the model;
        at last those who are there hear a message, which shows what no map does.
        """
        state, narrow, live = CoreState(), random.random() < NARROW, random.choice(LIVE)
        clients, topics = (random.choice(FEW), TOPICS[:1]) if narrow else (CLIENTS, TOPICS)
        every = [o for o in self._every if _names(o) <= {*clients, *topics, PATTERN, ""}]
        about = [o for o in every if o.name in kinds]
        live = tuple(client for client in live if client in clients)
        first: list[CoreOperation] = [next(o for o in self._every if o in (core.Connect(c), core.Attach(c, ""))) for c in live]
        first += [core.Subscribe(client, topic) for topic in topics for client in live][: random.choice(FIRST)]
        for operation in first:
            state = core_step(state, operation).state
        last, made = first[-1] if first else None, [tuple(first)]
        for _ in range(min(length, OPERATIONS - len(first) - LEAST)):
            if narrow and random.random() < FOCUS:
                last = random.choice(self._telling(state, about))
            elif last is not None and random.random() < MEETS:
                last = self.meets(last, random)
            else:
                last = random.choice(self._telling(state, every))
            made.append(self._handler(last) if random.random() < HANDLER else (last,))
            for operation in made[-1]:
                state = core_step(state, operation).state
        made.append(self._shown(state))
        return self.mended(tuple(chain for chain in made if chain))

    def _handler(self, operation: CoreOperation) -> tuple[CoreOperation, ...]:
        """The handler of a socket, from its begin to its end, if `operation` is the begin."""
        if not isinstance(operation, core.Attach):
            return (operation,)
        client = operation.connection
        return operation, core.Subscribe(client, TOPICS[0]), core.Detach(client, operation.socket)

    def _telling(self, state: CoreState, among: Sequence[CoreOperation]) -> Sequence[CoreOperation]:
        """Those that change `state` or are heard by somebody; all, if there are none."""
        return [o for o in among if self._tells(state, o)] or among

    def _tells(self, state: CoreState, operation: CoreOperation) -> bool:
        if isinstance(operation, core.Publish):
            return any(topic in (operation.topic, PATTERN) for topic, _ in state.links)
        if isinstance(operation, core.Acknowledge | core.Redeliver):
            return operation.connection in {client for _, client in state.links}
        return core_step(state, operation).state != state

    def _shown(self, state: CoreState) -> tuple[CoreOperation, ...]:
        """Calls by which all who are there hear a message."""
        if not self._plays(core.Publish(TOPICS[0])):
            return ()
        deaf = [client for client in CLIENTS if client in state.live and not any(each == client for _, each in state.links)]
        joins = [core.Subscribe(client, TOPICS[0]) for client in deaf]
        heard = [topic for topic in TOPICS if (joins and topic == TOPICS[0]) or self._tells(state, core.Publish(topic))]
        return (*joins, *map(core.Publish, heard))

    def key(self, tasks: Tasks) -> Hashable:
        """Clients and topics are called by their first mention."""
        names: dict[object, str] = {PATTERN: PATTERN}
        kinds = {"connection": "c", "topic": "t", "socket": "s"}

        def named(operation: CoreOperation) -> Hashable:
            fields = operation.__match_args__
            return operation.name, *(names.setdefault(getattr(operation, f), f"{kinds[f]}{len(names)}") for f in fields)

        return tuple(tuple(map(named, chain)) for chain in tasks)

    def mended(self, tasks: Tasks) -> Tasks:
        """Each attach has a socket of its own; only the task of a socket detaches it."""
        if not any(isinstance(operation, core.Attach | core.Detach) for chain in tasks for operation in chain):
            return tasks
        made: list[tuple[CoreOperation, ...]] = []
        number = 0
        for chain in tasks:
            sockets: dict[Id, Id] = {}
            kept: list[CoreOperation] = []
            for operation in chain:
                changed = operation
                if isinstance(operation, core.Attach):
                    number += 1
                    sockets[operation.connection] = f"s{number}"
                    changed = replace(operation, socket=f"s{number}")
                elif isinstance(operation, core.Detach):
                    if operation.connection not in sockets:
                        continue
                    changed = replace(operation, socket=sockets[operation.connection])
                kept.append(changed)
            if kept:
                made.append(tuple(kept))
        return tuple(made)


def _names(operation: CoreOperation) -> set[Id]:
    """The arguments of `operation`."""
    return {getattr(operation, field) for field in operation.__match_args__}


def met(operation: CoreOperation, how: str, plays: Callable[[CoreOperation], bool]) -> CoreOperation:
    """The call that meets `operation`; itself again where there is no other that the manager has."""
    made: Any = operation
    if how == "undo":
        if isinstance(operation, core.Teardown):
            made = core.Subscribe(CLIENTS[0], operation.topic)
        elif (undone := UNDONE.get(type(operation))) is not None:
            made = undone(*(getattr(operation, name) for name in operation.__match_args__))
    elif how == "another's" and not isinstance(operation, core.Publish | core.Teardown):
        made = replace(operation, connection=CLIENTS[operation.connection == CLIENTS[0]])
    return made if plays(made) else operation
