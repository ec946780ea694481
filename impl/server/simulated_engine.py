"""A simulated engine and its conversations: each of their moves is an event that the environment offers.

It refuses to be random: the outcome depends on the requests, and on the order of the events.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from subwarden.impl.server.engine import EngineConversation, EngineFailed, Submission
from subwarden.model.server import requests as rq
from subwarden.model.server.requests import EngineEvent, EventKind

if TYPE_CHECKING:
    from subwarden.impl.server.environment import Environment

STORED = (1, 2)  # threads that are in the store at the beginning
TURN = (EventKind.TURN_STARTED, EventKind.ITEM, EventKind.TURN_COMPLETE)
ASKED: dict[Submission, Callable[[int], rq.TurnStart | rq.TurnInterrupt | rq.Rollback]] = {  # the request that leads to it
    Submission.TURN: lambda thread: rq.TurnStart(0, thread, False),
    Submission.ASKING_TURN: lambda thread: rq.TurnStart(0, thread, True),
    Submission.INTERRUPT: lambda thread: rq.TurnInterrupt(0, thread),
    Submission.ROLLBACK: lambda thread: rq.Rollback(0, thread),
}
MAY_BE_LOST = (EventKind.TURN_STARTED, EventKind.ITEM, EventKind.APPROVAL)  # no request waits for these
ASKING = (EventKind.TURN_STARTED, EventKind.APPROVAL, EventKind.TURN_COMPLETE)


class SimulatedEngine:
    """See `impl.server.engine.Engine`."""

    def __init__(self, environment: "Environment") -> None:
        self._environment = environment
        self._stored = set(STORED)

    async def start(self, thread: int) -> EngineConversation:
        """When its event happens."""
        return await self._bring(thread, f"engine starts t{thread}", new=True)

    async def fork(self, thread: int, fork: int) -> EngineConversation:
        """When its event happens."""
        return await self._bring(fork, f"engine forks t{fork}", new=True)

    async def load(self, thread: int) -> EngineConversation:
        """When its event happens."""
        return await self._bring(thread, f"engine loads t{thread}", new=False)

    def stored(self, thread: int) -> bool:
        """Whether the thread is in the store."""
        return thread in self._stored

    def archive(self, thread: int) -> None:
        """Take the thread out of the store."""
        self._stored.discard(thread)
        self._environment.observer.archived(thread)

    async def _bring(self, thread: int, label: str, *, new: bool) -> "SimulatedConversation":
        environment = self._environment
        reply: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def happens() -> None:
            if not reply.done():
                reply.set_result(None)

        event = environment.offer(label, happens, late=thread in environment.late)
        try:
            await reply
        finally:
            environment.take_back(event)
        if thread in environment.failing:
            environment.observer.brought(thread, None)
            raise EngineFailed(f"t{thread}")
        conversation = SimulatedConversation(environment, thread, len(environment.conversations) + 1)
        environment.conversations.append(conversation)
        if new:
            self._stored.add(thread)
        environment.observer.brought(thread, conversation.number)
        return conversation


class SimulatedConversation(EngineConversation):
    """Does its work one event at a time; in a turn it may wait for an approval."""

    __slots__ = (
        "_asks",
        "_doing",
        "_ended",
        "_ends",
        "_environment",
        "_loses",
        "_number",
        "_offered",
        "_over",
        "_refuses",
        "_stream",
        "_turn",
        "_turns",
        "_waiter",
        "thread",
    )

    def __init__(self, environment: "Environment", thread: int, number: int) -> None:
        super().__init__(number)
        self.thread = thread
        self._environment = environment
        self._stream: deque[EngineEvent] = deque()
        self._doing: deque[EventKind | None] = deque()  # None: the shutdown
        self._number = 0
        self._turn = False  # a turn is open, or will be
        self._turns = 0  # the number of turns, with that one
        self._asks: int | None = None  # the event whose approval it waits for
        self._over = False
        self._refuses = False
        self._loses = False  # the next event
        self._waiter: asyncio.Future[None] | None = None
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._offered: Any = None
        self._ends: Any = None
        if thread in environment.ending and thread not in environment.lingering:
            environment.may(f"v{number} ends", self._die)
        if thread in environment.refusing:
            environment.may(f"v{number} refuses", self._refuse)
        if thread in environment.losing:
            environment.may(f"v{number} loses an event", self._lose)

    # --- for the server

    def ready(self) -> bool:
        """See `impl.server.select.Source`."""
        return bool(self._stream) or self._over

    def arm(self, waiter: "asyncio.Future[None] | None") -> None:
        """See `impl.server.select.Source`."""
        self._waiter = waiter

    def next_event(self) -> EngineEvent | None:
        """See `EngineConversation`."""
        if not self._stream:
            return None
        event = self._stream.popleft()
        self._environment.observer.taken(self.thread, self.number, event)
        return event

    def submit(self, what: Submission) -> int:
        """See `EngineConversation`."""
        if self._over:
            raise EngineFailed(f"v{self.number} has ended")
        if self._refuses:
            if what is not Submission.SHUTDOWN:
                self._environment.observer.refused(self.thread)
            raise EngineFailed(f"v{self.number} takes no requests")
        turn = self._accepted(what)
        if what is not Submission.SHUTDOWN:
            self._environment.observer.submitted(ASKED[what](self.thread), self.number, turn)
        return turn

    def _accepted(self, what: Submission) -> int:
        if what is Submission.INTERRUPT and not self._turn:
            return 0
        if what in (Submission.TURN, Submission.ASKING_TURN) and self._turn:
            return self._turns
        match what:
            case Submission.TURN | Submission.ASKING_TURN:
                self._turn = True
                self._turns += 1
                self._doing.extend(TURN if what is Submission.TURN else ASKING)
            case Submission.INTERRUPT:
                self._drop_turn()
                self._doing.append(EventKind.TURN_ABORTED)
            case Submission.ROLLBACK:
                self._doing.append(EventKind.ROLLED_BACK)
            case Submission.SHUTDOWN:
                self._doing.clear()
                self._asks = None
                self._doing.append(None)
        self._offer()
        return self._turns if self._turn else 0

    def approve(self, number: int) -> None:
        """See `EngineConversation`."""
        if self._asks == number:
            self._asks = None
            self._environment.observer.approved(self.thread, self.number, number, True)
            self._offer()

    def deny(self, number: int) -> None:
        """See `EngineConversation`."""
        if self._asks == number:
            self._drop_turn()
            self._doing.append(EventKind.TURN_ABORTED)
            self._environment.observer.approved(self.thread, self.number, number, False)
            self._offer()

    async def ended(self) -> None:
        """See `EngineConversation`."""
        await asyncio.shield(self._ended)

    def unread(self) -> bool:
        """Whether it has events that no listener has taken."""
        return bool(self._stream)

    def asking(self) -> int | None:
        """The event whose approval it waits for."""
        return None if self._over else self._asks

    # --- the engine

    def _drop_turn(self) -> None:
        """Drop the rest of the turn, but announce it if that was still to come."""
        started = EventKind.TURN_STARTED in self._doing
        kept = [what for what in self._doing if what in (EventKind.ROLLED_BACK, None)]
        self._doing = deque([EventKind.TURN_STARTED, *kept] if started else kept)
        self._asks = None

    def _offer(self) -> None:
        if self._offered is None and self._doing and self._asks is None and not self._over:
            last = self.thread in self._environment.lingering and self._doing[0] is not EventKind.TURN_STARTED
            self._offered = self._environment.offer(f"v{self.number} {_said(self._doing[0])}", self._happen, late=last)
        elif self._offered is not None and self._doing:
            self._offered.label = f"v{self.number} {_said(self._doing[0])}"

    def _happen(self) -> None:
        self._offered = None
        if not self._doing or self._over:
            return
        kind = self._doing.popleft()
        if kind is None:
            self._over = True
            self._end()
            return
        self._number += 1
        event = EngineEvent(kind, self._number)
        if kind is EventKind.TURN_STARTED and self._turns == 1 and self.thread in self._environment.lingering & self._environment.ending:
            self._ends = self._environment.offer(f"v{self.number} ends", self._die, late=True)  # before the rest of the turn
        if kind is EventKind.APPROVAL:
            self._asks = self._number
        elif kind in (EventKind.TURN_COMPLETE, EventKind.TURN_ABORTED):
            self._turn = False
        self._environment.observer.emitted(self.thread, self.number, event)
        if self._loses and kind in MAY_BE_LOST:
            self._loses = False
            self._environment.observer.lost(self.thread, self.number, event)
        else:
            self._stream.append(event)
            self._wake()
        self._offer()

    def _refuse(self) -> None:
        """It takes no requests from now on; the turn that is open goes on."""
        self._refuses = True

    def _lose(self) -> None:
        """The next event that may be lost is."""
        self._loses = True

    def _die(self) -> None:
        """The stream ends by itself."""
        if self._over:
            return
        self._over = True
        self._doing.clear()
        if self._offered is not None:
            self._environment.take_back(self._offered)
            self._offered = None
        self._environment.observer.died(self.thread, self.number)
        self._end()

    def _end(self) -> None:
        self._environment.take_back(self._ends)
        if not self._ended.done():
            self._ended.set_result(None)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _said(kind: EventKind | None) -> str:
    return "shuts down" if kind is None else kind.value
