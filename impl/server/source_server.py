"""The callers around the source document's manager, as they were: the harness must find their hazards.

One processor handles everything that arrives, in order, awaited inline: requests, opens and closes of all connections. Beside it run
the bodies of `thread/start`, the listeners, and the slow tail of an unload. It refuses to be improved: `impl.server.owning_server` has
the remedies.
"""

import asyncio
from contextlib import suppress
from types import ModuleType

from subwarden.impl.manager.api import ManagerApi
from subwarden.impl.manager.listener_commands import (
    ConnectionRequestId,
    PendingThreadResumeRequest,
    ResolveServerRequest,
    SendThreadResumeResponse,
)
from subwarden.impl.manager.oneshot import oneshot
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.impl.server import source_listener
from subwarden.impl.server.approvals import Approvals
from subwarden.impl.server.engine import Engine, EngineConversation, EngineFailed, Submission
from subwarden.impl.server.server import Server, shut_down
from subwarden.impl.server.source_listener import SourceListener
from subwarden.model.server import requests as rq
from subwarden.model.server.approvals import Approval
from subwarden.model.server.requests import Closed, Reply, Request, Started

API = "v2"  # the version of the API, which a pending interrupt remembers


class SourceServer(Server):
    """The request layer around the source document's manager."""

    def __init__(self, manager: ManagerApi, engine: Engine) -> None:
        super().__init__(manager, engine)
        self.approvals = Approvals()
        self._inbox: asyncio.Queue[tuple[ConnectionRequestId, Request]] = asyncio.Queue()
        self._processor = self.spawn("processor", self._process)

    def receive(self, request_id: ConnectionRequestId, request: Request) -> None:
        """Queue the request for the processor."""
        self._inbox.put_nowait((request_id, request))

    def close(self, connection: int) -> None:
        """Queue the close behind everything that arrived before, on any connection."""
        self._inbox.put_nowait((ConnectionRequestId(connection, 0), rq.Close(connection)))

    def approve(self, connection: int, thread: int, conversation: int, number: int) -> None:
        """Settle it in a task of its own, as the callback of the server's request did."""
        if self.approvals.settle(Approval(thread, conversation, number), connection):
            self.spawn(f"approval v{conversation}.{number}", self._resolve, thread, number, True)

    def deny(self, connection: int, thread: int, conversation: int, number: int) -> None:
        """In the same way."""
        if self.approvals.settle(Approval(thread, conversation, number), connection):
            self.spawn(f"approval v{conversation}.{number}", self._resolve, thread, number, False)

    def listening(self) -> list[ModuleType]:
        """See `Server.listening`."""
        return [source_listener]

    def resident(self) -> set[asyncio.Task[None]]:
        """The processor, and every listener: the server does not keep track of them."""
        return {self._processor, *self.listeners}

    async def _process(self) -> None:
        while True:
            request_id, request = await self._inbox.get()
            if isinstance(request, rq.Close):
                self.initialized.discard(request.connection)
                await self.manager.remove_connection(request.connection)
            else:
                await self.handle(request_id, request)

    # --- subscribing and listening

    async def _attach(self, thread: int, connection: int, raw: bool) -> None:
        conversation = self.loaded.get(thread)
        if conversation is None:
            return
        state = await self.manager.try_ensure_connection_subscribed(thread, connection, raw)
        if state is not None:  # else the connection has closed
            await self._ensure_listener(thread, conversation, state)

    async def _ensure_listener(self, thread: int, conversation: EngineConversation, state: ThreadState) -> None:
        cancel, cancelled = oneshot()
        async with state.lock:
            if state.listener_matches(conversation):
                return
            placed = state.set_listener(cancel, conversation)
            assert placed is not None, "this state never refuses"
            commands, generation = placed
        listener = SourceListener(self, thread, conversation, state, cancelled, commands, generation)
        self.listen(listener.run, thread, conversation)

    async def _state(self, thread: int) -> ThreadState:
        state = await self.manager.thread_state(thread)
        assert state is not None, "this manager never refuses"
        return state

    # --- requests

    async def initialize(self, request_id: ConnectionRequestId, request: rq.Initialize) -> None:
        """Answer first, then the connection is live."""
        self.initialized.add(request.connection)
        await self.answer(request_id, Reply.OK)
        await self.manager.connection_initialized(request.connection)

    async def thread_start(self, request_id: ConnectionRequestId, request: rq.Start) -> None:
        """Start in the background: everything else is served meanwhile."""
        self.spawn(f"starting {request_id.request_id}", self._start, request_id, request)

    async def _start(self, request_id: ConnectionRequestId, request: rq.Start) -> None:
        try:
            self.loaded[request.thread] = await self.engine.start(request.thread)
        except EngineFailed:
            await self.answer(request_id, Reply.FAILED)
            return
        await self._attach(request.thread, request.connection, request.raw)
        await self.answer(request_id, Reply.OK)
        await self.broadcast(Started(request.thread))

    async def thread_resume(self, request_id: ConnectionRequestId, request: rq.Resume) -> None:
        """A running thread: queue a command to its listener. Any other: load it, inline."""
        thread = request.thread
        if thread in self.unloading:
            await self.answer(request_id, Reply.CLOSING)
        elif thread in self.loaded:
            await self._resume_running(request_id, thread, self.loaded[thread])
        elif not self.engine.stored(thread):
            await self.answer(request_id, Reply.NOT_FOUND)
        else:
            try:
                self.loaded[thread] = await self.engine.load(thread)
            except EngineFailed:
                await self.answer(request_id, Reply.FAILED)
                return
            await self._attach(thread, request.connection, False)
            await self.answer(request_id, Reply.OK)

    async def _resume_running(self, request_id: ConnectionRequestId, thread: int, conversation: EngineConversation) -> None:
        state = await self._state(thread)
        await self._ensure_listener(thread, conversation, state)
        async with state.lock:
            commands = state.listener_command_tx()
        if commands is None or not commands.send(SendThreadResumeResponse(PendingThreadResumeRequest(request_id))):
            await self.answer(request_id, Reply.FAILED)

    async def thread_fork(self, request_id: ConnectionRequestId, request: rq.Fork) -> None:
        """A new conversation with the history of another, inline."""
        if request.thread not in self.loaded and not self.engine.stored(request.thread):
            await self.answer(request_id, Reply.NOT_FOUND)
            return
        try:
            self.loaded[request.fork] = await self.engine.fork(request.thread, request.fork)
        except EngineFailed:
            await self.answer(request_id, Reply.FAILED)
            return
        await self._attach(request.fork, request.connection, False)
        await self.answer(request_id, Reply.OK)
        await self.broadcast(Started(request.fork))

    async def thread_unsubscribe(self, request_id: ConnectionRequestId, request: rq.Unsubscribe) -> None:
        """The last unsubscriber tears the thread down."""
        thread = request.thread
        conversation = self.loaded.get(thread)
        if conversation is None:
            await self._tear_down(thread)
            await self.answer(request_id, Reply.NOT_LOADED)
            return
        if not await self.manager.unsubscribe_connection_from_thread(thread, request.connection):
            await self.answer(request_id, Reply.NOT_SUBSCRIBED)
            return
        if not await self.manager.has_subscribers(thread):
            self.unloading.add(thread)
            self.approvals.cancel(thread)
            await self.manager.remove_thread_state(thread)
            self.spawn(f"closing v{conversation.number}", self._unload, thread, conversation)
        await self.answer(request_id, Reply.OK)

    async def _unload(self, thread: int, conversation: EngineConversation) -> None:
        """The slow tail. A conversation that does not shut down stays loaded."""
        if not await shut_down(conversation):
            self.unloading.discard(thread)
            return
        if self.loaded.pop(thread, None) is None:
            self.unloading.discard(thread)
            return
        await self.broadcast(Closed(thread))
        self.unloading.discard(thread)

    def stop(self) -> None:
        """As the last unsubscriber of each loaded thread. The document says nothing about it."""
        for thread, conversation in self.loaded.items():
            if thread not in self.unloading:
                self.unloading.add(thread)
                self.spawn(f"stopping v{conversation.number}", self._stop, thread, conversation)

    async def _stop(self, thread: int, conversation: EngineConversation) -> None:
        await self.manager.remove_thread_state(thread)
        await self._unload(thread, conversation)

    async def _tear_down(self, thread: int) -> None:
        self.unloading.discard(thread)
        self.approvals.cancel(thread)
        await self.manager.remove_thread_state(thread)

    async def thread_archive(self, request_id: ConnectionRequestId, request: rq.Archive) -> None:
        """Take the thread out of the registry, then shut it down, inline."""
        thread = request.thread
        if thread not in self.loaded and not self.engine.stored(thread):
            await self.answer(request_id, Reply.NOT_FOUND)
            return
        conversation = self.loaded.pop(thread, None)
        if conversation is not None:
            await shut_down(conversation)
        await self._tear_down(thread)
        self.engine.archive(thread)
        await self.answer(request_id, Reply.OK)
        await self.broadcast(Closed(thread))

    async def turn_interrupt(self, request_id: ConnectionRequestId, request: rq.TurnInterrupt) -> None:
        """Answered when the listener sees the turn end."""
        conversation = self.loaded.get(request.thread)
        if conversation is None:
            await self.answer(request_id, Reply.NOT_LOADED)
            return
        state = await self._state(request.thread)
        async with state.lock:
            state.pending_interrupts.append((request_id, API))
        with suppress(EngineFailed):  # the request stays pending until a turn ends
            conversation.submit(Submission.INTERRUPT)

    async def thread_rollback(self, request_id: ConnectionRequestId, request: rq.Rollback) -> None:
        """One at a time; answered when the listener sees that it is done."""
        conversation = self.loaded.get(request.thread)
        if conversation is None:
            await self.answer(request_id, Reply.NOT_LOADED)
            return
        state = await self._state(request.thread)
        async with state.lock:
            busy = state.pending_rollbacks is not None
            if not busy:
                state.pending_rollbacks = request_id
        if busy:
            await self.answer(request_id, Reply.BUSY)
            return
        try:
            conversation.submit(Submission.ROLLBACK)
        except EngineFailed:
            async with state.lock:
                state.pending_rollbacks = None
            await self.answer(request_id, Reply.FAILED)

    async def add_listener(self, request_id: ConnectionRequestId, request: rq.AddListener) -> None:
        """Subscribe to a loaded thread under an id."""
        conversation = self.loaded.get(request.thread)
        if conversation is None:
            await self.answer(request_id, Reply.NOT_LOADED)
            return
        state = await self.manager.set_listener(request.subscription, request.thread, request.connection, request.raw)
        assert state is not None, "this manager never refuses"
        await self._ensure_listener(request.thread, conversation, state)
        await self.answer(request_id, Reply.OK)

    async def remove_listener(self, request_id: ConnectionRequestId, request: rq.RemoveListener) -> None:
        """End the subscription under an id."""
        thread = await self.manager.remove_listener(request.subscription)
        await self.answer(request_id, Reply.NOT_FOUND if thread is None else Reply.OK)

    async def _resolve(self, thread: int, number: int, granted: bool) -> None:
        """A client has approved or refused: tell the subscribers in the listener's order, then the engine."""
        conversation = self.loaded.get(thread)
        if conversation is None:
            return
        state = await self._state(thread)
        async with state.lock:
            commands = state.listener_command_tx()
        completion, completed = oneshot()
        if commands is not None and commands.send(ResolveServerRequest(number, completion)):
            await completed.wait()
        (conversation.approve if granted else conversation.deny)(number)
