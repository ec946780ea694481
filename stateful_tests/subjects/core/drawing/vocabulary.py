"""The operations of the core model as a search draws and varies them: calls that meet others (`exploring.drawing.varied`)."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from random import Random
from typing import Any

from subwarden.model.core import step as core
from subwarden.model.core.options import PATTERN, PLAIN, CoreOptions
from subwarden.model.core.step import CoreOperation, CoreState, Id
from subwarden.stateful_tests.exploring.drawing.varied import Tasks
from subwarden.stateful_tests.subjects.core.drawing.walks import Walk
from subwarden.stateful_tests.subjects.core.program import CLIENTS, TOPICS, CoreProgram

HOW = ("again", "again", "undo", "undo", "another's", "heard")  # how a call meets the one before it
UNDONE: dict[type[CoreOperation], type[CoreOperation]] = {
    core.Connect: core.Disconnect,
    core.Subscribe: core.Unsubscribe,
    core.Unsubscribe: core.Subscribe,
    core.Disconnect: core.Connect,
    core.Attach: core.Detach,
    core.Detach: core.Attach,
    core.Redeliver: core.Acknowledge,
    core.Acknowledge: core.Redeliver,
}
#: What meets a message: somebody who hears it leaves meanwhile.
LEAVES: dict[str, Callable[[Id], CoreOperation]] = {
    "undo": lambda topic: core.Unsubscribe(CLIENTS[0], topic),
    "another's": lambda _: core.Disconnect(CLIENTS[0]),
    "heard": lambda _: core.Disconnect(CLIENTS[1]),
}
EVERY: tuple[CoreOperation, ...] = (
    *(made for client in CLIENTS for made in (core.Connect(client), core.Attach(client, ""), core.Disconnect(client))),
    *(core.Subscribe(client, topic) for client in CLIENTS for topic in (*TOPICS[:1], *TOPICS, PATTERN)),  # mostly the same topic
    *(core.Unsubscribe(client, topic) for client in CLIENTS for topic in (*TOPICS[:1], *TOPICS, PATTERN)),
    *(made for topic in TOPICS for made in (core.Publish(topic), core.Teardown(topic))),
    *(made for client in CLIENTS for made in (core.Acknowledge(client), core.Redeliver(client))),
)


class CoreVocabulary:
    """See `exploring.drawing.varied.Vocabulary`. `plays`: whether the manager has an operation. `again`: a closed client may come back."""

    def __init__(self, plays: Callable[[CoreOperation], bool], options: CoreOptions = PLAIN, *, again: bool = False) -> None:
        self._plays = plays
        self._options = options
        self._initial = CoreState(final=not again, resumes=options.resumes)
        self._every = tuple(filter(plays, EVERY))
        self.kinds = tuple(dict.fromkeys(operation.name for operation in self._every))
        self.program: Callable[[Tasks], CoreProgram] = CoreProgram

    def fresh(self, random: Random) -> CoreOperation:
        return random.choice(self._every)

    def meets(self, operation: CoreOperation, random: Random) -> CoreOperation:
        return met(operation, random.choice(HOW), self._plays)

    def walk(self, kinds: tuple[str, ...], length: int, random: Random) -> Tasks:
        return self.mended(Walk(self._every, self._options, self._initial).make(kinds, length, self.meets, random))

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


def met(operation: CoreOperation, how: str, plays: Callable[[CoreOperation], bool]) -> CoreOperation:
    """The call that meets `operation`; itself again where there is no other that the manager has."""
    made: Any = operation
    if isinstance(operation, core.Publish):
        made = LEAVES[how](operation.topic) if how in LEAVES else operation
    elif how == "heard":
        topic = getattr(operation, "topic", TOPICS[0])
        made = core.Publish(topic if topic in TOPICS else TOPICS[0])
    elif how == "undo":
        if isinstance(operation, core.Teardown):
            made = core.Subscribe(CLIENTS[0], operation.topic)
        elif (undone := UNDONE.get(type(operation))) is not None:
            made = undone(*(getattr(operation, name) for name in operation.__match_args__))
    elif how == "another's" and not isinstance(operation, core.Teardown):
        made = replace(operation, connection=CLIENTS[operation.connection == CLIENTS[0]])
    return made if plays(made) else operation
