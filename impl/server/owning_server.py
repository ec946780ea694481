"""Our callers, on our manager: a loaded thread owns its listener, and every request has somebody who answers it.

docs/design.md has the rules and the argument for each property. In short: each connection has a processor of its own; a request, once
accepted, is done by a worker that nobody cancels (P11); what concerns one thread is ordered by the gate of its record
(`impl.server.loaded_thread`); a resume subscribes, takes its history and queues its answer in one hold of that gate.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from types import ModuleType
from typing import Any

from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.oneshot import oneshot
from subwarden.impl.server import owning_listener
from subwarden.impl.server.engine import TIME_LIMIT, Engine, EngineConversation, EngineFailed, Submission
from subwarden.impl.server.loaded_thread import LoadedThread
from subwarden.impl.server.outbox import Outbox
from subwarden.impl.server.owning_listener import OwningListener, Still
from subwarden.impl.server.server import Server
from subwarden.model.server import requests as rq
from subwarden.model.server.requests import AnswerSent, Asks, Closed, Message, Reply, Request, Started

Bringing = Callable[[], Coroutine[Any, Any, EngineConversation]]  # asks the engine for a conversation
Arrived = tuple[ConnectionRequestId, Request] | None  # None: nothing more will


class OwningServer(Server):
    """The request layer around our manager."""

    manager: Manager

    def __init__(self, manager: Manager, engine: Engine) -> None:
        super().__init__(manager, engine)
        self.records: dict[int, LoadedThread] = {}
        self._inboxes: dict[int, asyncio.Queue[Arrived]] = {}
        self._processors: dict[int, asyncio.Task[None]] = {}
        self._claims: dict[int, list[int]] = {}  # ids that are being taken, and by whom
        self._loading: dict[int, list[asyncio.Future[None]]] = {}

    # --- the transport

    def open(self, connection: int, outbox: Outbox) -> None:
        """A processor for each connection: a request that takes long holds up nobody else's (P14)."""
        super().open(connection, outbox)
        self._inboxes[connection] = asyncio.Queue()
        self._processors[connection] = self.spawn(f"processor c{connection}", self._process, self._inboxes[connection])

    def receive(self, request_id: ConnectionRequestId, request: Request) -> None:
        """Queued for the connection's processor."""
        self._inboxes[request_id.connection_id].put_nowait((request_id, request))

    def close(self, connection: int) -> None:
        """At once, beside what the connection still has under way: a close is final, and what comes too late is refused (P2)."""
        self.initialized.discard(connection)
        for record in self.records.values():
            record.members.pop(connection, None)
        self._inboxes.pop(connection).put_nowait(None)  # P12: nothing is kept for a connection that has closed
        del self._processors[connection], self.outboxes[connection]
        self.spawn(f"closing c{connection}", self.manager.remove_connection, connection)

    def approve(self, connection: int, thread: int, conversation: int, number: int) -> None:
        """The first answer counts; the listener tells the others, and the engine."""
        record = self.records.get(thread)
        if record is not None and record.conversation.number == conversation and number in record.asked and connection in record.members:
            record.asked.discard(number)
            record.approved.append(number)
            record.wake()

    def locks(self) -> dict[str, asyncio.Lock]:
        """The manager's, and the gates of the records."""
        return self.manager.locks() | {f"G(t{thread})": record.gate for thread, record in self.records.items()}

    def listening(self) -> list[ModuleType]:
        """See `Server.listening`."""
        return [owning_listener]

    def resident(self) -> set[asyncio.Task[None]]:
        """The processors of open connections, and the listeners of loaded threads."""
        return set(self._processors.values()) | {record.listener for record in self.records.values() if record.listener is not None}

    async def _process(self, inbox: "asyncio.Queue[Arrived]") -> None:
        while (arrived := await inbox.get()) is not None:
            await self.handle(*arrived)

    def handling(self, request_id: ConnectionRequestId, request: Request) -> Coroutine[Any, Any, None]:
        """The work is done by a worker, there before its handler can be cancelled: it is finished and answered nevertheless (P7, P11)."""
        finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.spawn(f"work {request_id.request_id}", self._work, request_id, request, finished)
        return _wait(finished)

    async def _work(self, request_id: ConnectionRequestId, request: Request, finished: "asyncio.Future[None]") -> None:
        try:
            await self.dispatch(request_id, request)
        finally:
            if not finished.done():  # its handler was cancelled
                finished.set_result(None)

    # --- loading

    async def _adopt(self, thread: int, conversation: EngineConversation) -> None:
        """A conversation is there: put it into the registry, with its record, its entry and its listener, as one (P3, P5)."""
        record = LoadedThread(thread, conversation)
        async with record.gate:
            self.loaded[thread] = conversation
            self.records[thread] = record
            state = await self.manager.thread_state(thread)
            assert state is not None, "only the unload of a record tears its entry down, and this one has the gate"
            async with state.lock:
                placed = state.set_listener(oneshot()[0], conversation)
            assert placed is not None, "as above"
            record.listener = self.listen(OwningListener(self, record, state).run, thread, conversation)

    async def _bring(self, thread: int, bringing: Bringing) -> bool:
        """Have the engine bring a conversation and adopt it, or wait for whoever is doing so already, which may come to nothing.

        Returns whether it was brought by this call. Raises EngineFailed.
        """
        if await self._brought(thread):
            return False
        self._loading[thread] = []
        try:
            await self._adopt(thread, await bringing())
        finally:
            for waiter in self._loading.pop(thread):
                waiter.set_result(None)
        return True

    async def _brought(self, thread: int) -> bool:
        """Wait for whoever brings the thread's conversation just now; False, at once, if nobody does."""
        if thread not in self._loading:
            return False
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loading[thread].append(waiter)
        await waiter
        return True

    async def _subscribe(self, record: LoadedThread, request_id: ConnectionRequestId, raw: bool) -> "asyncio.Future[None] | None":
        """Subscribe, take the history, and queue the answer, in one hold of the gate. None if the thread is closing."""
        connection = request_id.connection_id
        async with record.gate:
            if record.closing:
                return None
            state = await self.manager.try_ensure_connection_subscribed(record.thread, connection, raw)
            turn = None
            if state is not None:
                async with state.lock:
                    turn = state.active_turn_snapshot()
            member = object()
            if not self.gone(connection):  # else nobody is left to be answered, and what is said is in vain
                member = record.members.setdefault(connection, member)
            answer = AnswerSent(request_id.request_id, Reply.OK, None if turn is None else turn.last)
            ended = AnswerSent(request_id.request_id, Reply.ENDED)
            said = record.say(connection, answer, Still(record, connection, member), ended)  # P8: it may have ended before it is told
            return _ask(record, connection, member) or said

    async def _join(self, request_id: ConnectionRequestId, thread: int, raw: bool) -> None:
        """Subscribe to a thread that is loaded, or can be."""
        mine = False
        while thread not in self.records and not mine:  # what another has brought may be gone again, or have failed: that is not its answer
            if not self.engine.stored(thread):
                await self.answer(request_id, Reply.NOT_FOUND)
                return
            try:
                mine = await self._bring(thread, partial(self.engine.load, thread))
            except EngineFailed:
                await self.answer(request_id, Reply.FAILED)
                return
        record = self.records.get(thread)
        if record is None:  # it is unloaded again
            await self.answer(request_id, Reply.FAILED)
            return
        said = await self._subscribe(record, request_id, raw)
        if said is None:
            await self.answer(request_id, Reply.CLOSING)
        else:
            await said

    async def _begin(self, request_id: ConnectionRequestId, thread: int, raw: bool, starting: Bringing) -> None:
        """Start a new conversation and subscribe to it."""
        try:
            await self._bring(thread, starting)
        except EngineFailed:
            await self.answer(request_id, Reply.FAILED)
            return
        record = self.records.get(thread)
        said = None if record is None else await self._subscribe(record, request_id, raw)
        if said is None:
            await self.answer(request_id, Reply.ENDED)
        else:
            await said
        if record is not None and not record.closing:
            await self.broadcast(Started(thread))

    async def broadcast(self, message: Message) -> None:
        """Tell every client that is initialized, each in the order of what it is told: a slow one does not delay the others (P8)."""
        for room in self._post(message):
            await room

    def _post(self, message: Message) -> "list[asyncio.Future[bool]]":
        """The same without waiting: what `broadcast` waits for."""
        posted = [self.outboxes[connection].post(message) for connection in sorted(self.initialized)]
        return [room for room in posted if room is not None]

    # --- unloading

    async def _close(self, record: LoadedThread) -> None:
        """Nobody can subscribe any more, and nothing of this incarnation is left in the manager. The caller has the gate."""
        record.close()
        self.unloading.add(record.thread)
        await self.manager.remove_thread_state(record.thread)

    async def _unload(self, record: LoadedThread) -> None:
        """The slow tail. Whatever becomes of the shutdown, the thread is unloaded: its conversation is not used again."""
        await _shut_down(record.conversation)
        self._forget(record)
        await self.broadcast(Closed(record.thread))

    def _forget(self, record: LoadedThread) -> None:
        if self.records.get(record.thread) is record:
            del self.records[record.thread]
            del self.loaded[record.thread]
            self.unloading.discard(record.thread)

    async def conversation_ended(self, record: LoadedThread) -> None:
        """The stream has ended by itself: the listener, which calls this with the gate in its hands, is about to end too."""
        await self._close(record)
        self._forget(record)
        self._post(Closed(record.thread))  # P8: before anything can be told of the thread's next life

    # --- requests

    async def initialize(self, request_id: ConnectionRequestId, request: rq.Initialize) -> None:
        """Live first: when the answer is seen, the connection can be subscribed."""
        await self.manager.connection_initialized(request.connection)
        if not self.gone(request.connection):
            self.initialized.add(request.connection)
        await self.answer(request_id, Reply.OK)

    async def thread_start(self, request_id: ConnectionRequestId, request: rq.Start) -> None:
        """In the background, so that the connection's other requests are served meanwhile (P14)."""
        self.spawn(
            f"starting {request_id.request_id}",
            self._begin,
            request_id,
            request.thread,
            request.raw,
            partial(self.engine.start, request.thread),
        )

    async def thread_resume(self, request_id: ConnectionRequestId, request: rq.Resume) -> None:
        """Running or not, it is the same."""
        await self._join(request_id, request.thread, False)

    async def thread_fork(self, request_id: ConnectionRequestId, request: rq.Fork) -> None:
        """As a start, with a history."""
        if request.thread not in self.records and not self.engine.stored(request.thread):
            await self.answer(request_id, Reply.NOT_FOUND)
            return
        fork = partial(self.engine.fork, request.thread, request.fork)
        self.spawn(f"starting {request_id.request_id}", self._begin, request_id, request.fork, False, fork)

    async def thread_unsubscribe(self, request_id: ConnectionRequestId, request: rq.Unsubscribe) -> None:
        """The last one to unsubscribe closes the record in the same hold of the gate: no resume can come between (P8)."""
        record = self.records.get(request.thread)
        if record is None:
            await self.answer(request_id, Reply.NOT_LOADED)
            return
        async with record.gate:
            was = not record.closing and await self.manager.unsubscribe_connection_from_thread(request.thread, request.connection)
            record.members.pop(request.connection, None)
            last = was and not await self.manager.has_subscribers(request.thread)
            if last:
                await self._close(record)
        if last:
            self.spawn(f"closing v{record.conversation.number}", self._unload, record)
        await self.answer(request_id, Reply.OK if was else Reply.NOT_SUBSCRIBED)

    async def thread_archive(self, request_id: ConnectionRequestId, request: rq.Archive) -> None:
        """Closed at once, for whoever is subscribed; answered when it is shut down."""
        record = self.records.get(request.thread)
        if record is None and not self.engine.stored(request.thread):
            await self.answer(request_id, Reply.NOT_FOUND)
            return
        self.engine.archive(request.thread)  # no load begins from now on
        await self._brought(request.thread)  # P6: and one that has begun is seen
        record = self.records.get(request.thread)
        mine = False
        if record is not None:
            async with record.gate:
                mine = not record.closing
                if mine:
                    await self._close(record)
        if record is not None and mine:
            await _shut_down(record.conversation)
            self._forget(record)
        await self.answer(request_id, Reply.OK)
        if mine:
            await self.broadcast(Closed(request.thread))

    async def turn_start(self, request_id: ConnectionRequestId, request: rq.TurnStart) -> None:
        """P8: a conversation that is about to end takes a turn, and never does it."""
        record = self.records.get(request.thread)
        if record is None or record.closing:
            await self.answer(request_id, Reply.NOT_LOADED)
        else:
            await super().turn_start(request_id, request)

    async def turn_interrupt(self, request_id: ConnectionRequestId, request: rq.TurnInterrupt) -> None:
        """Answered by the listener when the turn is aborted; at once where the engine has none (P7)."""
        record = self.records.get(request.thread)
        if record is None or record.closing:
            await self.answer(request_id, Reply.NOT_LOADED)
            return
        try:
            turn = record.conversation.submit(Submission.INTERRUPT)
        except EngineFailed:
            await self.answer(request_id, Reply.FAILED)
            return
        if turn:
            record.interrupts.append((turn, request_id))
        else:
            await self.answer(request_id, Reply.OK)

    async def thread_rollback(self, request_id: ConnectionRequestId, request: rq.Rollback) -> None:
        """Checked, remembered and asked for without a pause; answered by the listener."""
        record = self.records.get(request.thread)
        if record is None or record.closing:
            await self.answer(request_id, Reply.NOT_LOADED)
        elif record.rollback is not None:
            await self.answer(request_id, Reply.BUSY)
        else:
            try:
                record.conversation.submit(Submission.ROLLBACK)
            except EngineFailed:
                await self.answer(request_id, Reply.FAILED)
                return
            record.rollback = request_id

    async def add_listener(self, request_id: ConnectionRequestId, request: rq.AddListener) -> None:
        """A subscription like any other, under an id."""
        record = self.records.get(request.thread)
        if record is None:
            await self.answer(request_id, Reply.NOT_LOADED)
            return
        known = self.manager.index.ids.get(request.subscription)
        holders = {*self._claims.get(request.subscription, ()), *([] if known is None else [known[1]])}
        if holders - {request.connection}:  # P8: it would end another's subscription, who asked for nothing
            await self.answer(request_id, Reply.BUSY)
            return
        self._claims.setdefault(request.subscription, []).append(request.connection)
        try:
            async with record.gate:
                state = None
                if not record.closing:
                    state = await self.manager.set_listener(request.subscription, request.thread, request.connection, request.raw)
                if state is not None and not self.gone(request.connection) and request.connection not in record.members:
                    member = record.members[request.connection] = object()
                    _ask(record, request.connection, member)  # P7: who was asked may leave before it is told, and nobody else was
        finally:
            self._claims[request.subscription].remove(request.connection)
            if not self._claims[request.subscription]:
                del self._claims[request.subscription]
        if known is not None and known[0] != request.thread:
            await self._leave(*known)
        await self.answer(request_id, Reply.NOT_LOADED if state is None else Reply.OK)

    async def remove_listener(self, request_id: ConnectionRequestId, request: rq.RemoveListener) -> None:
        """By its id; the connection stays a member if something else keeps it subscribed."""
        pair = self.manager.index.ids.get(request.subscription)
        thread = await self.manager.remove_listener(request.subscription)
        if pair is not None:
            await self._leave(*pair)
        await self.answer(request_id, Reply.NOT_FOUND if thread is None else Reply.OK)

    async def _leave(self, thread: int, connection: int) -> None:
        """An id that kept a connection subscribed is gone: it is a member no more, unless something else keeps it so."""
        record = self.records.get(thread)
        if record is None:
            return
        async with record.gate:
            if connection not in await self.manager.subscribed_connection_ids(thread):
                record.members.pop(connection, None)


def _ask(record: LoadedThread, connection: int, member: object) -> "asyncio.Future[None] | None":
    """Have a new member told what is asked of all, and nobody has answered yet. Resolved when it is told the last of it; None: nothing."""
    said = None
    for number in sorted(record.asked):
        said = record.say(connection, Asks(record.thread, record.conversation.number, number), Still(record, connection, member))
    return said


async def _wait(finished: "asyncio.Future[None]") -> None:
    await finished


async def _shut_down(conversation: EngineConversation) -> None:
    """Ask a conversation to shut down, and give it its time to do so."""
    try:
        conversation.submit(Submission.SHUTDOWN)
        async with asyncio.timeout(TIME_LIMIT):
            await conversation.ended()
    except (EngineFailed, TimeoutError):
        pass
