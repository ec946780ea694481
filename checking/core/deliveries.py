"""Which messages must, may and must not have reached whom.

A message that is published while a connection is subscribed, from the call of `publish` to its return and on until the run rests,
must reach it exactly once. One that is published while it is not subscribed, from call to return, must not. Where a subscription
begins or ends meanwhile, either is right: a connection that leaves before its message arrives has lost nothing.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence

from subwarden.checking.causes import Cause
from subwarden.checking.core import causes
from subwarden.checking.core.configurations import Connection
from subwarden.model.core.step import Id

Broken = tuple[Cause, str, str, Id, object]  # the cause, who and what, and as evidence: what to look for, at whom, for which message


class Published:
    """One message: who must receive it, who may, and whether it is still being published."""

    def __init__(self, topic: Id, message: object, publisher: int) -> None:
        self.topic = topic
        self.message = message
        self.publisher = publisher
        self.must: set[Id] = set()
        self.may: set[Id] = set()
        self.under_way = True


class TopicDeliveries:
    """Of one run."""

    def __init__(self, connections: Iterable[Connection]) -> None:
        self._connections = list(connections)
        self._open: dict[int, Published] = {}
        self.published: list[Published] = []

    def digested(self) -> Hashable:
        """What of this decides what is found at the end."""
        return tuple((p.topic, p.message, p.publisher, frozenset(p.must), frozenset(p.may), p.under_way) for p in self.published)

    def called(self, call: int, topic: Id, message: object, publisher: int) -> None:
        """`message` begins to be published by task `publisher`."""
        made = self._open[call] = Published(topic, message, publisher)
        made.must = {c.name for c in self._connections if c.surely(topic)}
        self.published.append(made)
        self.look()

    def look(self) -> None:
        """A call has begun or ended."""
        for each in self.published:
            for connection in self._connections:
                if connection.name in each.must and not connection.surely(each.topic):
                    each.must.discard(connection.name)
                if each.under_way and connection.possibly(each.topic):
                    each.may.add(connection.name)

    def returned(self, call: int) -> str:
        """`publish` has returned; the kind of transition, or nothing where it is not plain which it was."""
        made = self._open.pop(call)
        made.under_way = False
        return "publish: delivered" if made.must else "" if made.may else "publish: to nobody"

    def gone(self, call: int) -> None:
        """`publish` was cancelled, or raised: nobody need have got it, and whoever finishes it may yet send it."""
        self._open.pop(call).must.clear()

    def broken(self, received: Mapping[Id, Sequence[object]]) -> list[Broken]:
        """What is wrong with what every connection has received, at the end."""
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
        """The first two messages of one publisher on one topic that came the wrong way round, as they came."""
        place = {each.message: (each.publisher, at) for at, each in enumerate(self.published)}
        last: dict[tuple[int, Id], tuple[int, object]] = {}
        for message in got:
            publisher, at = place[message]
            key = (publisher, self.published[at].topic)
            if key in last and last[key][0] > at:
                return last[key][1], message
            last[key] = (at, message)
        return None
