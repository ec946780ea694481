"""One incarnation of a loaded thread: the conversation, its one listener, its members, and every request that waits for it.

The record *is* the incarnation: its identity tells whether the thread was unloaded and loaded again. It lives from the moment at which
its conversation enters the registry until its listener has ended, and forgets no request: the listener answers those that are `pending`
when it ends.

The gate of a record orders all changes of its members, and its closing. A task that holds the gate may wait for the manager lock M or the
state's lock T, in that order of locks, and for nothing else: never for a client, never for the engine.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.engine import EngineConversation
from subwarden.impl.server.outbox import always
from subwarden.model.server.requests import Message, Reply


class Say(NamedTuple):
    """A message to one client, sent in the order of the listener's events if it is still `wanted` when there is room; else `instead`.
    `said` is resolved when that is done, or in vain."""

    connection: int
    message: Message
    wanted: Callable[[], bool] = always
    instead: Message | None = None
    said: "asyncio.Future[None] | None" = None


Work = Say | Callable[[], Awaitable[None]]  # of a listener, in order


class Approved(NamedTuple):
    """The approval of event `number` was given, or refused; `members` have been asked for it, and are to be told."""

    number: int
    members: dict[int, object]
    granted: bool = True


class Gate(asyncio.Lock):
    """The lock of one record, known by its thread."""

    def __init__(self, thread: int) -> None:
        super().__init__()
        self.thread = thread


class LoadedThread:
    """See above. `members` maps each subscriber to the identity of its subscription, which is another one when it has come back."""

    __slots__ = (
        "_waiter",
        "approved",
        "asked",
        "closing",
        "conversation",
        "gate",
        "hand",
        "interrupts",
        "listener",
        "members",
        "queue",
        "rollback",
        "thread",
        "turn_open",
        "turns",
        "unloaded",
    )

    def __init__(self, thread: int, conversation: EngineConversation) -> None:
        self.thread = thread
        self.conversation = conversation
        self.gate = Gate(thread)
        self.members: dict[int, object] = {}
        self.closing = False
        self.listener: asyncio.Task[None] | None = None
        self.hand: deque[Work] = deque()  # what the listener has begun with; its successor goes on there
        self.queue: deque[Work] = deque()
        self.unloaded: list[asyncio.Future[None]] = []  # of those that wait for that
        self.turns = 0  # the number of turns that the listener has seen begin, or end without having begun
        self.turn_open = False  # as the listener has seen
        self.interrupts: list[tuple[int, ConnectionRequestId]] = []  # each with the turn whose end it waits for
        self.rollback: ConnectionRequestId | None = None
        self.asked: set[int] = set()  # numbers of the events whose approval no client has given yet
        self.approved: deque[Approved] = deque()  # and of those that the subscribers must still be told of
        self._waiter: asyncio.Future[None] | None = None

    # --- a `Source` that the listener waits for

    def ready(self) -> bool:
        """Whether the listener has something to send, or must end."""
        return bool(self.hand) or bool(self.queue) or bool(self.approved) or self.closing

    def arm(self, waiter: "asyncio.Future[None] | None") -> None:
        """See `impl.server.select.Source`."""
        self._waiter = waiter

    def wake(self) -> None:
        """That may have changed."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- for the tasks that handle requests

    def say(self, connection: int, message: Message, wanted: Callable[[], bool], instead: Message | None = None) -> "asyncio.Future[None]":
        """Have the listener send a message after all that it has handled before; the caller holds the gate, or does not care which of two
        messages comes first. The result is resolved when it is sent, or never will be."""
        said: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.queue.append(Say(connection, message, wanted, instead, said))
        self.wake()
        return said

    def close(self) -> None:
        """No member is left, no connection can become one, and the listener ends. The caller holds the gate."""
        self.closing = True
        self.members.clear()
        self.asked.clear()
        self.wake()

    def pending(self) -> list[tuple[ConnectionRequestId, Reply]]:
        """The requests that wait for events that will not come any more, with their replies. The caller must answer them."""
        left = [(request_id, Reply.OK) for _, request_id in self.interrupts]  # no turn is open any more
        if self.rollback is not None:
            left.append((self.rollback, Reply.ENDED))
        self.interrupts, self.rollback = [], None
        return left
