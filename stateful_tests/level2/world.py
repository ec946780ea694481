"""The environment of a server under test: the engine, its conversations, and the clients, whose every move the scheduler times.

An event of theirs is offered to the scheduler as soon as it may happen, before the requests that have not arrived yet: left alone, the
world answers promptly, and a request arrives when everything before it has been dealt with. It refuses to have moods: what it does in
the end depends on the program and the schedule.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from checking.protocol_judge import ProtocolJudge
from impl.protocol.engine import EngineConversation, EngineFailed, Submission
from impl.protocol.outbox import Outbox
from impl.protocol.server import Server
from model.requests import Asks, EngineEvent, EventKind, Message
from scheduling.events import Event
from scheduling.loop import ControlledLoop

STORED = (1, 2)  # threads that are in the store at the beginning
ROOM = 1  # messages that a client's outbox holds
TURN = (EventKind.TURN_STARTED, EventKind.ITEM, EventKind.TURN_COMPLETE)
ASKING = (EventKind.TURN_STARTED, EventKind.APPROVAL, EventKind.TURN_COMPLETE)


class World:
    """The environment of one run."""

    def __init__(self, loop: ControlledLoop, failing: frozenset[int], late: frozenset[int], ending: frozenset[int]) -> None:
        self.loop = loop
        self.judge: ProtocolJudge
        self.server: Server
        self.engine = FakeEngine(self)
        self.conversations: list[FakeConversation] = []
        self.failing = failing  # threads that cannot be brought
        self.late = late
        self.ending = ending
        self._prompt = 0  # how many of the loop's events are the world's: they stand first

    # --- events

    def offer(self, label: str, happens: Callable[[], object], *, late: bool = False) -> Event:
        """Offer an event of the world's. `late`: behind everything that is there."""
        if late:
            event = Event(label, happens)
            self.loop.events.append(event)
            return event

        def deliver() -> None:
            self._prompt -= 1
            happens()

        event = Event(label, deliver)
        self.loop.events.insert(self._prompt, event)
        self._prompt += 1
        return event

    def take_back(self, event: Event) -> None:
        """It cannot happen any more, if it has not."""
        events = self.loop.events
        if event in events:
            if events.index(event) < self._prompt:
                self._prompt -= 1
            events.remove(event)

    # --- clients

    def connect(self, connection: int) -> None:
        """A client connects."""
        Client(self, connection)


class Client:
    """One client: reads what it is sent, one message at a time, and approves what it is asked for."""

    def __init__(self, world: World, connection: int) -> None:
        self._world = world
        self._connection = connection
        self._reading: Event | None = None
        self.outbox = Outbox(ROOM, self._queued)
        world.server.open(connection, self.outbox)

    def _queued(self, message: Message) -> None:
        self._world.judge.queued(self._connection, message)
        if self._reading is None:
            self._reading = self._world.offer(f"c{self._connection} reads", self._read)

    def _read(self) -> None:
        self._reading = None
        message = self.outbox.take()
        if message is None or self.outbox.closed:
            return
        if len(self.outbox) and self._reading is None:
            self._reading = self._world.offer(f"c{self._connection} reads", self._read)
        if isinstance(message, Asks):
            asks = message
            self._world.offer(f"c{self._connection} approves v{asks.conversation}", lambda: self._approve(asks))

    def _approve(self, asks: Asks) -> None:
        if not self.outbox.closed:
            self._world.server.approve(self._connection, asks.thread, asks.conversation, asks.number)


class FakeEngine:
    """See `impl.protocol.engine.Engine`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stored = set(STORED)

    async def start(self, thread: int) -> EngineConversation:
        """When the scheduler says so."""
        return await self._bring(thread, f"engine starts t{thread}")

    async def fork(self, thread: int, fork: int) -> EngineConversation:
        """When the scheduler says so."""
        return await self._bring(fork, f"engine forks t{fork}")

    async def load(self, thread: int) -> EngineConversation:
        """When the scheduler says so."""
        return await self._bring(thread, f"engine loads t{thread}")

    def stored(self, thread: int) -> bool:
        """Whether it was put there and not archived since."""
        return thread in self._stored

    def archive(self, thread: int) -> None:
        """Take it out."""
        self._stored.discard(thread)
        self._world.judge.archived(thread)

    async def _bring(self, thread: int, label: str) -> "FakeConversation":
        world = self._world
        reply: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def happens() -> None:
            if not reply.done():
                reply.set_result(None)

        event = world.offer(label, happens, late=thread in world.late)
        try:
            await reply
        finally:
            world.take_back(event)
        if thread in world.failing:
            world.judge.brought(thread, None)
            raise EngineFailed(f"t{thread}")
        conversation = FakeConversation(world, thread, len(world.conversations) + 1)
        world.conversations.append(conversation)
        self._stored.add(thread)
        world.judge.brought(thread, conversation.number)
        return conversation


class FakeConversation(EngineConversation):
    """Does what it is asked one event at a time, each when the scheduler says so; in a turn it may wait for an approval."""

    __slots__ = ("_asks", "_doing", "_ended", "_number", "_offered", "_over", "_stream", "_turn", "_waiter", "_world", "thread")

    def __init__(self, world: World, thread: int, number: int) -> None:
        super().__init__(number)
        self.thread = thread
        self._world = world
        self._stream: deque[EngineEvent] = deque()
        self._doing: deque[EventKind | None] = deque()  # None: the shutdown
        self._number = 0
        self._turn = False  # a turn is open, or will be
        self._asks: int | None = None  # the event whose approval is waited for
        self._over = False
        self._waiter: asyncio.Future[None] | None = None
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._offered: Event | None = None
        if thread in world.ending:
            world.loop.faults.append(Event(f"v{number} ends", self._die))

    # --- what the server sees

    def ready(self) -> bool:
        """See `impl.select.Source`."""
        return bool(self._stream) or self._over

    def arm(self, waiter: "asyncio.Future[None] | None") -> None:
        """See `impl.select.Source`."""
        self._waiter = waiter

    def next_event(self) -> EngineEvent | None:
        """See `EngineConversation`."""
        if not self._stream:
            return None
        event = self._stream.popleft()
        self._world.judge.taken(self.thread, self.number, event)
        return event

    def submit(self, what: Submission) -> None:
        """See `EngineConversation`."""
        if self._over:
            raise EngineFailed(f"v{self.number} has ended")
        match what:
            case Submission.TURN | Submission.ASKING_TURN:
                if not self._turn:
                    self._turn = True
                    self._doing.extend(TURN if what is Submission.TURN else ASKING)
            case Submission.INTERRUPT:
                if self._turn:
                    self._drop_turn()
                    self._doing.append(EventKind.TURN_ABORTED)
            case Submission.ROLLBACK:
                self._doing.append(EventKind.ROLLED_BACK)
            case Submission.SHUTDOWN:
                self._doing.clear()
                self._asks = None
                self._doing.append(None)
        self._offer()

    def approve(self, number: int) -> None:
        """See `EngineConversation`."""
        if self._asks == number:
            self._asks = None
            self._offer()

    async def ended(self) -> None:
        """See `EngineConversation`."""
        await asyncio.shield(self._ended)

    def unread(self) -> bool:
        """Whether it has events that nobody has taken."""
        return bool(self._stream)

    # --- the engine

    def _drop_turn(self) -> None:
        """What is left of the turn is not done; what was announced is."""
        started = EventKind.TURN_STARTED in self._doing
        kept = [what for what in self._doing if what in (EventKind.ROLLED_BACK, None)]
        self._doing = deque([EventKind.TURN_STARTED, *kept] if started else kept)
        self._asks = None

    def _offer(self) -> None:
        if self._offered is None and self._doing and self._asks is None and not self._over:
            self._offered = self._world.offer(f"v{self.number} {_said(self._doing[0])}", self._happen)
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
        if kind is EventKind.APPROVAL:
            self._asks = self._number
        elif kind in (EventKind.TURN_COMPLETE, EventKind.TURN_ABORTED):
            self._turn = False
        self._world.judge.emitted(self.thread, self.number, event)
        self._stream.append(event)
        self._wake()
        self._offer()

    def _die(self) -> None:
        """The stream ends by itself."""
        if self._over:
            return
        self._over = True
        self._doing.clear()
        if self._offered is not None:
            self._world.take_back(self._offered)
            self._offered = None
        self._world.judge.died(self.thread, self.number)
        self._end()

    def _end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _said(kind: EventKind | None) -> str:
    return "shuts down" if kind is None else kind.value
