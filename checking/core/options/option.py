"""The seam of options: an option widens or narrows how often each message may reach each connection, and may have faults of its own.

Options are asked at quiescence, one after another, each with the answer of the one before. So an option is one file and one line in
`checking.core.options.all`, and the judge knows none by name.
"""

from typing import NamedTuple

from subwarden.checking.core.connection_states import ConnectionStates
from subwarden.checking.core.deliveries import Broken, Followed, Published
from subwarden.checking.core.options.journal import Call, Journal, Received
from subwarden.model.core.options import CoreOptions
from subwarden.model.core.step import Id


class Allowed(NamedTuple):
    """How often a message may reach a connection: at least and at most."""

    least: int
    most: int


class Message(NamedTuple):
    """A message of the run, and the call that published it."""

    published: Published
    call: Call


class Run(NamedTuple):
    """The run at quiescence, as options see it."""

    options: CoreOptions
    journal: Journal
    connections: tuple[Followed, ...]
    messages: tuple[Message, ...]
    received: Received
    sees: dict[Id, list[tuple[str, Id, object]]]  # the events of presence, by viewer: see `checking.core.options.presence`

    def got(self, connection: Id) -> list[object]:
        """The messages that reached `connection`, in order."""
        return list(self.received.get(connection, ()))

    def subscribed(self, states: ConnectionStates, topic: Id) -> tuple[bool, bool]:
        """Whether a connection surely gets the messages of `topic` now, and whether it may."""
        return subscribed(states, topic, self.options)


class Option:
    """One option. A subclass says what differs."""

    kinds: tuple[str, ...] = ()  # kinds of transitions of this option; a pass must have seen each

    def allowed(self, run: Run, connection: Followed, message: Message, allowed: Allowed) -> Allowed:
        """How often `message` may reach `connection`, if it would be `allowed` without this option."""
        return allowed

    def broken(self, run: Run) -> list[Broken]:
        """The faults that only this option knows."""
        return []

    def may_drop(self, run: Run, connection: Id) -> bool:
        """Whether the manager may drop `connection` by itself now."""
        return True

    def fired(self, run: Run) -> set[str]:
        """Those of `kinds` that the run has reached."""
        return set()


def subscribed(states: ConnectionStates, topic: Id, options: CoreOptions) -> tuple[bool, bool]:
    """Whether the connection surely gets the messages of `topic` now, by any of its subscriptions, and whether it may."""
    surely, possibly = states.subscribed(topic)
    if options.patterns:
        for other in named(states):
            if other != topic and options.reaches(other, topic):
                also_surely, also_possibly = states.subscribed(other)
                surely, possibly = surely or also_surely, possibly or also_possibly
    return surely, possibly


def named(states: ConnectionStates) -> list[Id]:
    """The topics and patterns that the connection may be subscribed to, or is being subscribed to."""
    found = {topic for node, _ in states.now.configurations for topic in node.topics}
    found |= {operation.topic for operation in states.now.open.values() if hasattr(operation, "topic")}
    return sorted(found, key=str)
