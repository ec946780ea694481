"""One incarnation of a loaded thread: the conversation, its one listener, its members, and every request that waits for it.

The record *is* the incarnation: who holds it can tell whether the thread was unloaded and loaded again. It lives from the moment its
conversation is in the registry until its listener has ended, and no request that it carries is forgotten: `waiting` are answered by the
listener or, when that has ended, by whoever ends the record.

Its gate orders everything that changes who is a member, or whether the thread is closing. Who holds the gate may wait for the manager
lock M or the state's lock T, in that order of locks, and for nothing else: never for a client, never for the engine.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.engine import EngineConversation
from subwarden.model.server.requests import Message, Reply


class Say(NamedTuple):
    """Something to tell one client, in the order of the listener's events, if it is still `wanted` when there is room; else `instead`.
    `said` is resolved when that is done, or in vain."""

    connection: int
    message: Message
    wanted: Callable[[], bool]
    instead: Message | None
    said: "asyncio.Future[None]"


class Gate(asyncio.Lock):
    """The lock of one record, known by its thread."""

    def __init__(self, thread: int) -> None:
        super().__init__()
        self.thread = thread


class LoadedThread:
    """See above. `members` has, for each subscriber, the identity of its present subscription: another one after it has come back."""

    __slots__ = (
        "_waiter",
        "approved",
        "asked",
        "closing",
        "conversation",
        "gate",
        "interrupts",
        "listener",
        "members",
        "queue",
        "rollback",
        "thread",
        "turns",
    )

    def __init__(self, thread: int, conversation: EngineConversation) -> None:
        self.thread = thread
        self.conversation = conversation
        self.gate = Gate(thread)
        self.members: dict[int, object] = {}
        self.closing = False
        self.listener: asyncio.Task[None] | None = None
        self.queue: deque[Say] = deque()
        self.turns = 0  # how many the listener has seen begin
        self.interrupts: list[tuple[int, ConnectionRequestId]] = []  # and which turn each waits for
        self.rollback: ConnectionRequestId | None = None
        self.asked: set[int] = set()  # approvals that no client has given yet, by the number of the event
        self.approved: deque[int] = deque()  # and those that the subscribers are to be told of
        self._waiter: asyncio.Future[None] | None = None

    # --- what the listener waits for, as a `Source`

    def ready(self) -> bool:
        """Whether there is something to say, or to end for."""
        return bool(self.queue) or bool(self.approved) or self.closing

    def arm(self, waiter: "asyncio.Future[None] | None") -> None:
        """See `impl.server.select.Source`."""
        self._waiter = waiter

    def wake(self) -> None:
        """Something of that has changed."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- what others ask of it

    def say(self, connection: int, message: Message, wanted: Callable[[], bool], instead: Message | None = None) -> "asyncio.Future[None]":
        """Have the listener tell a client something after all that it has handled before; the caller must hold the gate, or not care for
        who comes first. Resolved when it is told, or never will be."""
        said: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.queue.append(Say(connection, message, wanted, instead, said))
        self.wake()
        return said

    def close(self) -> None:
        """No member is left, nobody can become one, and the listener ends. Whoever closes holds the gate."""
        self.closing = True
        self.members.clear()
        self.asked.clear()
        self.wake()

    def pending(self) -> list[tuple[ConnectionRequestId, Reply]]:
        """Requests that wait for something that will not come any more, and what to answer. They are the caller's from now on."""
        left = [(request_id, Reply.OK) for _, request_id in self.interrupts]  # its turn is as over as it can be
        if self.rollback is not None:
            left.append((self.rollback, Reply.ENDED))
        self.interrupts, self.rollback = [], None
        return left
