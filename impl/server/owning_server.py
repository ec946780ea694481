"""The requests of our server: every request that is accepted is carried out, and answered once.

docs/design.md has the rules and the argument for each property. In short: each connection has a processor of its own; an accepted request
is carried out by a worker task that nobody cancels (P11); the gate of a thread's record orders all that concerns the thread
(`impl.server.owned_threads`).
"""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.manager.manager import Manager
from subwarden.impl.server.engine import Engine, EngineFailed, Submission
from subwarden.impl.server.loaded_thread import Approved, LoadedThread
from subwarden.impl.server.outbox import Outbox
from subwarden.impl.server.owned_threads import OwnedThreads, ask
from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Closed, Reply, Request

Arrived = tuple[ConnectionRequestId, Request] | None  # None: the connection has closed


class OwningServer(OwnedThreads):
    """The request layer around our manager."""

    has_workers = True

    def __init__(self, manager: Manager, engine: Engine) -> None:
        super().__init__(manager, engine)
        self._inboxes: dict[int, asyncio.Queue[Arrived]] = {}
        self._processors: dict[int, asyncio.Task[None]] = {}
        self._waiting: dict[int | str, asyncio.Future[None]] = {}  # request -> the end of its handler, while its worker runs
        self._claims: dict[int, list[int]] = {}  # subscription id -> the connections that are taking it now

    # --- the transport

    def open(self, connection: int, outbox: Outbox) -> None:
        """Each connection has a processor: a slow request does not hold up those of other connections (P14)."""
        super().open(connection, outbox)
        outbox.overdue = partial(self.drop, connection)
        self._inboxes[connection] = asyncio.Queue()
        self._processors[connection] = self.spawn(f"processor c{connection}", self._process, self._inboxes[connection])

    def receive(self, request_id: ConnectionRequestId, request: Request) -> None:
        """Queue the request for the connection's processor."""
        self._inboxes[request_id.connection_id].put_nowait((request_id, request))

    def close(self, connection: int) -> None:
        """Close at once, beside the connection's requests under way: a close is final, and a late subscription is refused (P2)."""
        self.initialized.discard(connection)
        for record in self.records.values():
            record.members.pop(connection, None)
        self._inboxes.pop(connection).put_nowait(None)  # P12: nothing is kept for a connection that has closed
        del self._processors[connection], self.outboxes[connection]
        self.spawn(f"closing c{connection}", self.manager.remove_connection, connection)

    def drop(self, connection: int) -> None:
        """The client has read nothing for too long, and others wait for it: from now on it is as one that has closed (P7)."""
        self.outboxes[connection].drop()
        self.close(connection)

    def approve(self, connection: int, thread: int, conversation: int, number: int) -> None:
        """The first answer counts; the listener tells the other subscribers, and the engine."""
        self._settle(connection, thread, conversation, number, True)

    def deny(self, connection: int, thread: int, conversation: int, number: int) -> None:
        """As an approval: the first answer counts."""
        self._settle(connection, thread, conversation, number, False)

    def _settle(self, connection: int, thread: int, conversation: int, number: int, granted: bool) -> None:
        record = self.records.get(thread)
        if record is not None and record.conversation.number == conversation and number in record.asked and connection in record.members:
            record.asked.discard(number)
            record.approved.append(Approved(number, record.members.copy(), granted))  # a later member is not asked any more
            record.wake()

    def resident(self) -> set[asyncio.Task[None]]:
        """The processors of open connections, and the listeners of loaded threads."""
        return super().resident() | set(self._processors.values())

    def loop_closes(self) -> bool:
        """Then it cancels all tasks at once, processors as well, which nobody else cancels."""
        return any(processor.cancelling() for processor in self._processors.values())

    async def _process(self, inbox: "asyncio.Queue[Arrived]") -> None:
        while (arrived := await inbox.get()) is not None:
            await self.handle(*arrived)

    def handling(self, request_id: ConnectionRequestId, request: Request) -> Coroutine[Any, Any, None]:
        """Start a worker before the handler can be cancelled: the request is carried out and answered in any case (P7, P11)."""
        finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[request_id.request_id] = finished
        self._unanswered[request_id.request_id] = None
        self.spawn(f"work {request_id.request_id}", self._work, request_id, request, finished)
        return _wait(finished)

    def go_on(self, request_id: ConnectionRequestId) -> None:
        """P14: the request waits for the engine from now on; its worker does that alone."""
        finished = self._waiting.get(request_id.request_id)
        if finished is not None and not finished.done():
            finished.set_result(None)

    async def _work(self, request_id: ConnectionRequestId, request: Request, finished: "asyncio.Future[None]") -> None:
        try:
            await self.dispatch(request_id, request)
        except asyncio.CancelledError:  # from outside
            self.cancelled(request_id)
            raise
        finally:
            self._waiting.pop(request_id.request_id, None)
            if not finished.done():  # the handler was cancelled
                finished.set_result(None)

    # --- requests

    async def initialize(self, request_id: ConnectionRequestId, request: rq.Initialize) -> None:
        """Live first, then the answer: a client that has the answer can subscribe."""
        await self.manager.connection_initialized(request.connection)
        if not self.gone(request.connection):
            self.initialized.add(request.connection)
        await self.answer(request_id, Reply.OK)

    async def thread_start(self, request_id: ConnectionRequestId, request: rq.Start) -> None:
        """Start in the background: the connection's other requests are served meanwhile (P14)."""
        self.spawn(
            f"starting {request_id.request_id}",
            self._begin,
            request_id,
            request.thread,
            request.raw,
            partial(self.engine.start, request.thread),
        )

    async def thread_resume(self, request_id: ConnectionRequestId, request: rq.Resume) -> None:
        """The same for a thread that is running and one that is not."""
        await self._join(request_id, request.thread, False)

    async def thread_fork(self, request_id: ConnectionRequestId, request: rq.Fork) -> None:
        """As a start, with the history of another thread."""
        if request.thread not in self.records and not self.engine.stored(request.thread):
            await self.answer(request_id, Reply.NOT_FOUND)
            return
        fork = partial(self.engine.fork, request.thread, request.fork)
        self.spawn(f"starting {request_id.request_id}", self._begin, request_id, request.fork, False, fork)

    async def thread_unsubscribe(self, request_id: ConnectionRequestId, request: rq.Unsubscribe) -> None:
        """The last unsubscribe closes the record in the same hold of the gate: no resume can come between (P8)."""
        record = self.records.get(request.thread)
        if record is None:
            await self.answer(request_id, Reply.NOT_LOADED)
            return
        async with record.gate:
            was = not record.closing and await self.manager.unsubscribe_connection_from_thread(request.thread, request.connection)
            if was and not self.manager.subscribers(request.thread):  # P11: in the step in which it has left
                await self._close(record)
                self.spawn(f"closing v{record.conversation.number}", self._unload, record)
        there = self.records.get(request.thread) is record  # else it was unloaded while this request waited for the gate
        await self.answer(request_id, Reply.OK if was else Reply.NOT_SUBSCRIBED if there else Reply.NOT_LOADED)

    async def thread_archive(self, request_id: ConnectionRequestId, request: rq.Archive) -> None:
        """Take it out of the store; unload it, if it is loaded."""
        record = self.records.get(request.thread)
        if record is None and not self.engine.stored(request.thread):
            await self.answer(request_id, Reply.NOT_FOUND)
            return
        self.engine.archive(request.thread)  # no load begins from now on
        await self._archive(request_id, request.thread)

    async def _archive(self, request_id: ConnectionRequestId, thread: int, closed: LoadedThread | None = None) -> None:
        """Close at once, with or without subscribers; answer when the conversation has shut down, then tell everybody. `closed`: the record
        that was closed for the request by a task that was cancelled (P11)."""
        try:
            if closed is None:
                closed = await self._closes(request_id, thread)
            if closed is not None and self.records.get(thread) is closed:
                self.go_on(request_id)
                unloaded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                closed.unloaded.append(unloaded)
                await unloaded
            await self.answer(request_id, Reply.OK)
            if closed is not None:
                await self.broadcast(Closed(thread))
        except asyncio.CancelledError:
            self.handed(request_id)
            if not self.loop_closes():
                self.spawn(f"archiving {request_id.request_id}", self._archive, request_id, thread, closed)
            raise

    async def _closes(self, request_id: ConnectionRequestId, thread: int) -> LoadedThread | None:
        """Close the thread's record, and begin to unload it. None: there is none, or another task does."""
        if thread in self._loading:
            self.go_on(request_id)
            await self._brought(thread)  # P6: a load that has begun is waited for
        record = self.records.get(thread)
        if record is None:
            return None
        async with record.gate:
            if record.closing:
                return None
            await self._close(record)
            self.spawn(f"closing v{record.conversation.number}", self._shut, record)
            return record

    async def turn_start(self, request_id: ConnectionRequestId, request: rq.TurnStart) -> None:
        """P8: refused while the thread is closing, since the conversation would accept the turn and never do it."""
        record = self.records.get(request.thread)
        if record is None or record.closing:
            await self.answer(request_id, Reply.NOT_LOADED)
        else:
            await super().turn_start(request_id, request)

    async def turn_interrupt(self, request_id: ConnectionRequestId, request: rq.TurnInterrupt) -> None:
        """The listener answers when the turn is aborted; at once if no turn is open (P7)."""
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
            self.handed(request_id)
        else:
            await self.answer(request_id, Reply.OK)

    async def thread_rollback(self, request_id: ConnectionRequestId, request: rq.Rollback) -> None:
        """Check, remember and submit in one step; the listener answers."""
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
            self.handed(request_id)

    async def add_listener(self, request_id: ConnectionRequestId, request: rq.AddListener) -> None:
        """Subscribe under an id."""
        record = self.records.get(request.thread)
        if record is None:
            await self.answer(request_id, Reply.NOT_LOADED)
            return
        known = self.manager.index.ids.get(request.subscription)
        holders = {*self._claims.get(request.subscription, ()), *([] if known is None else [known[1]])}
        if holders - {request.connection}:  # P8: else it would end another client's subscription
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
                    ask(record, request.connection, member)  # P7: the clients that were asked may leave unasked
        finally:
            self._claims[request.subscription].remove(request.connection)
            if not self._claims[request.subscription]:
                del self._claims[request.subscription]
        await self.answer(request_id, Reply.NOT_LOADED if state is None else Reply.OK)

    async def remove_listener(self, request_id: ConnectionRequestId, request: rq.RemoveListener) -> None:
        """End the subscription under an id; the connection stays a member if another grant keeps it subscribed."""
        thread = await self.manager.remove_listener(request.subscription)
        await self.answer(request_id, Reply.NOT_FOUND if thread is None else Reply.OK)


async def _wait(finished: "asyncio.Future[None]") -> None:
    await finished
