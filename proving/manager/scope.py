"""The bounds of a proof: how many connections, threads, ids, conversations and open calls there are, and which parts of the model.

A scope also lists in words the behaviour that a proof of it leaves out. It limits the operations and their callers, never the effect of
an operation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from subwarden.model.manager import operations as op
from subwarden.model.words import counted


class Request(NamedTuple):
    """An operation with the thread whose state its caller holds (None for the manager's own operations)."""

    operation: op.Operation
    thread: int | None = None

    def on_thread(self) -> int | None:
        """The one thread that the operation concerns, if the call names it."""
        return self.thread if self.thread is not None else getattr(self.operation, "thread", None)


@dataclass(frozen=True, slots=True)
class Scope:
    """The numbers of things, all counted from 1. Each thread has its own conversations: no conversation is loaded as two threads."""

    level: ClassVar[str] = "manager"
    connections: int = 2
    threads: int = 1
    subscriptions: int = 1
    conversations: int = 2  # 0: no listeners
    items: int | None = 1  # an open turn's items are counted up to this; None: turns are not tracked
    raw: bool = True  # False: no connection asks for raw events
    in_flight: int = 1  # calls that can be open while others happen; 0: every operation is one step

    def __post_init__(self) -> None:
        for name, least in (("connections", 1), ("threads", 1), ("subscriptions", 0), ("conversations", 0), ("in_flight", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is at least {least}, not {getattr(self, name)}")
        if self.items is not None and self.items < 0:
            raise ValueError(f"items is at least 0, or None to leave turns out, not {self.items}")

    @property
    def pairs(self) -> int:
        """How many (thread, connection) pairs there are."""
        return self.connections * self.threads

    def conversations_of(self, thread: int) -> range:
        """The numbers of the conversations that `thread` can be loaded as."""
        return range((thread - 1) * self.conversations + 1, thread * self.conversations + 1)

    def requests(self) -> list[Request]:
        """Every operation with every argument that the scope has, in a fixed order."""
        return [*map(Request, self._manager_operations()), *self._state_requests()]

    def _manager_operations(self) -> Iterator[op.ManagerOperation]:
        raws = (False, True) if self.raw else (False,)
        connections, subscriptions = range(1, self.connections + 1), range(1, self.subscriptions + 1)
        for c in connections:
            yield op.ConnectionInitialized(c)
            yield op.RemoveConnection(c)
        for t in range(1, self.threads + 1):
            yield op.SubscribedConnectionIds(t)
            yield op.HasSubscribers(t)
            yield op.ThreadState(t)
            yield op.RemoveThreadState(t)
            for c in connections:
                yield op.TryAddConnectionToThread(t, c)
                yield op.UnsubscribeConnectionFromThread(t, c)
                for raw in raws:
                    yield op.TryEnsureConnectionSubscribed(t, c, raw)
                    for s in subscriptions:
                        yield op.SetListener(s, t, c, raw)
        for s in subscriptions:
            yield op.RemoveListener(s)

    def _state_requests(self) -> Iterator[Request]:
        for t in range(1, self.threads + 1):
            for conversation in self.conversations_of(t):
                yield Request(op.StateSetListener(conversation), t)
                yield Request(op.StateListenerMatches(conversation), t)
            if self.conversations:
                yield Request(op.StateClearListener(), t)
            if self.items is not None:
                for event in op.TurnEvent:
                    yield Request(op.StateTrackEvent(event), t)
            yield Request(op.HoldState(), t)

    def left_out(self) -> list[str]:
        """The behaviour that a proof of this scope does not cover, in words."""
        found = [
            "more connections, threads or ids than these",
            "the numbers of listener generations and incarnations (only whether a call's incarnation is still the one in the map)",
        ]
        if not self.conversations:
            found.append("listeners (--conversations 0)")
        elif self.conversations == 1:
            found.append("a thread loaded again as another conversation (--conversations 1)")
        if self.items is None:
            found.append("turns (--no-turns)")
        else:
            found.append(f"how many items an open turn has beyond {self.items}")
        if not self.raw:
            found.append("raw events (--no-raw)")
        if not self.in_flight:
            found.append("calls that others overtake or that are cancelled (--in-flight 0): P6, P7, P11 hold trivially")
        return found

    def describe(self) -> str:
        """The scope in one line."""
        return f"{self.describe_sequential()}, {counted(self.in_flight, 'call')} in flight"

    def describe_sequential(self) -> str:
        """The scope in one line, but for calls in flight, which it may not have."""
        turns = "no turns" if self.items is None else f"turns of up to {counted(self.items, 'item')}"
        counts = (counted(self.connections, "connection"), counted(self.threads, "thread"), counted(self.subscriptions, "id"))
        conversations = f"{counted(self.conversations, 'conversation')} a thread"
        return ", ".join([*counts, conversations, turns, "raw" if self.raw else "no raw"])
