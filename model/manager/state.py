"""The model's state at the manager level.

The model keeps the relation between connections and threads once, as a set of grants, so it cannot violate P1. A manager keeps the
relation in several maps; `model.manager.projection` projects them onto this one.
"""

from dataclasses import dataclass, field
from typing import NamedTuple


class Grant(NamedTuple):
    """A reason why a connection is subscribed to a thread: an explicit subscription id, or None for an implicit one.

    A pair may have several grants; it is subscribed while it has at least one.
    """

    thread: int
    connection: int
    subscription: int | None


class Entry(NamedTuple):
    """The map's record of a loaded thread, without its subscribers, which are grants."""

    incarnation: int  # one life of the thread's entry; counts up over all threads
    generation: int = 0  # how many listeners this entry has had
    conversation: int | None = None  # the conversation that the running listener follows; None: no listener runs
    turn: int | None = None  # items seen of the active turn; None: no turn is active


@dataclass(frozen=True, slots=True)
class State:
    """The complete state at one moment. `closed` remembers closed connections: a close is final (P2)."""

    live: frozenset[int] = frozenset()
    closed: frozenset[int] = frozenset()
    entries: tuple[tuple[int, Entry], ...] = ()  # sorted by thread
    grants: frozenset[Grant] = frozenset()
    raw: frozenset[tuple[int, int]] = frozenset()  # (thread, connection) pairs that asked for raw events (P10)
    incarnations: int = field(default=0)  # how many entries have ever been created

    def entry(self, thread: int) -> Entry | None:
        """The entry of `thread`, or None where the thread has none."""
        for key, entry in self.entries:
            if key == thread:
                return entry
        return None

    def subscribers(self, thread: int) -> frozenset[int]:
        """The connections subscribed to `thread`."""
        return frozenset(g.connection for g in self.grants if g.thread == thread)

    def links(self) -> frozenset[tuple[int, int]]:
        """The (thread, connection) pairs that have at least one grant."""
        return frozenset((g.thread, g.connection) for g in self.grants)

    def ids(self) -> dict[int, tuple[int, int]]:
        """Explicit subscription id -> (thread, connection)."""
        return {g.subscription: (g.thread, g.connection) for g in self.grants if g.subscription is not None}
