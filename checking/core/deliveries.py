"""Decides for each message which connections must, may and must not receive it.

A connection that is subscribed from the call of `publish` until quiescence must receive the message exactly once. A connection that is
not subscribed at any time between the call and the return of `publish` must not receive it. If a subscription begins or ends in that
time, both are right: a connection that leaves before its message arrives has lost nothing.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Protocol

from subwarden.checking.causes import Cause
from subwarden.checking.core import causes
from subwarden.checking.core.connection_states import ConnectionStates
from subwarden.model.core.step import Id


class Followed(Protocol):
    """A connection of the run."""

    name: Id
    states: ConnectionStates
    looked: ConnectionStates | None  # its states when the messages were last looked at: they decide which messages it may get


Broken = tuple[Cause, str, str, Id, object]  # the cause, the detail, and the evidence: kind of fault, connection, message


class Published:
    """One message: the connections that must and may receive it, and whether its `publish` is still open."""

    def __init__(self, topic: Id, message: object, publisher: int) -> None:
        self.topic = topic
        self.message = message
        self.publisher = publisher
        self.must: set[Id] = set()
        self.may: set[Id] = set()
        self.under_way = True


class TopicDeliveries:
    """The messages of one run."""

    def __init__(self, connections: Sequence[Followed]) -> None:
        self._connections = connections
        self._open: dict[int, Published] = {}  # by the task that publishes
        self.published: list[Published] = []

    def digested(self) -> Hashable:
        """The part that decides the judgement at the end, by value."""
        return tuple((p.topic, p.message, p.publisher, frozenset(p.must), frozenset(p.may), p.under_way) for p in self.published)

    def subscribed(self, states: ConnectionStates, topic: Id) -> tuple[bool, bool]:
        """Whether a connection surely gets the messages of `topic` now, and whether it may."""
        return states.subscribed(topic)

    def called(self, task: int, topic: Id, message: object) -> None:
        """`task` calls `publish` with `message`."""
        self.look()
        made = self._open[task] = Published(topic, message, task)
        self.published.append(made)
        for each in self._connections:
            surely, possibly = self.subscribed(each.states, topic)
            if surely:
                made.must.add(each.name)
            if possibly:
                made.may.add(each.name)

    def look(self) -> None:
        """Update all messages after a call has begun or ended."""
        for each in self._connections:
            if each.states is each.looked:
                continue
            each.looked = each.states
            for message in self.published:
                surely, possibly = self.subscribed(each.states, message.topic)
                if not surely:
                    message.must.discard(each.name)
                if message.under_way and possibly:
                    message.may.add(each.name)

    def returned(self, task: int) -> str:
        """The `publish` of `task` has returned. Returns the kind of transition, or "" where both kinds are possible."""
        made = self._open.pop(task)
        made.under_way = False
        return "publish: delivered" if made.must else "" if made.may else "publish: to nobody"

    def gone(self, task: int) -> None:
        """The `publish` of `task` was cancelled or raised: no connection must receive the message, and another task may still send it."""
        self._open.pop(task).must.clear()

    def broken(self, received: Mapping[Id, Sequence[object]]) -> list[Broken]:
        """Every stray, lost, repeated or reordered delivery at the end of the run. `received`: each connection's messages, in order."""
        found: list[Broken] = []
        for connection in self._connections:
            got = list(received.get(connection.name, ()))
            for each in self.published:
                count = got.count(each.message)
                said = f"{each.message} to {connection.name}"
                if count > 1:
                    found.append((causes.TWICE, said, "twice", connection.name, each.message))
                if not count and connection.name in each.must:
                    found.append((causes.LOST, said, "lost", connection.name, each.message))
                if count and connection.name not in each.may:
                    found.append((causes.STRAY, said, "stray", connection.name, each.message))
            if disorder := self._disorder(got):
                said = f"{disorder[0]} before {disorder[1]} to {connection.name}"
                found.append((causes.DISORDER, said, "disorder", connection.name, disorder))
        return found

    def _disorder(self, got: list[object]) -> tuple[object, object] | None:
        """The first two messages of one publisher on one topic that arrived in the wrong order, as they arrived."""
        place = {each.message: (each.publisher, at) for at, each in enumerate(self.published)}
        last: dict[tuple[int, Id], tuple[int, object]] = {}
        for message in got:
            publisher, at = place[message]
            key = (publisher, self.published[at].topic)
            if key in last and last[key][0] > at:
                return last[key][1], message
            last[key] = (at, message)
        return None
