"""The loaded threads of our server: each has a record, which owns its one listener, from the load to the end of the unload.

docs/design.md has the rules and the argument for each property. The gate of a record (`impl.server.loaded_thread`) orders everything that
concerns its thread: a subscription takes the history and queues its answer in one hold of it. It refuses to know where requests come from:
that is `impl.server.owning_server`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.oneshot import oneshot
from subwarden.impl.server import owning_listener
from subwarden.impl.server.engine import Engine, EngineConversation, EngineFailed
from subwarden.impl.server.loaded_thread import LoadedThread
from subwarden.impl.server.owning_listener import OwningListener, Still
from subwarden.impl.server.server import Server, shut_down
from subwarden.model.server.requests import AnswerSent, Asks, Closed, Message, Reply, Started


class Decided(NamedTuple):
    """An answer that is decided on, and perhaps not sent."""

    reply: Reply
    open_turn: int | None = None
    threads: tuple[int, ...] | None = None


Bringing = Callable[[], Coroutine[Any, Any, EngineConversation]]  # asks the engine for a conversation


class OwnedThreads(Server):
    """A server without the requests. `records`: the loaded threads."""

    manager: Manager

    def __init__(self, manager: Manager, engine: Engine) -> None:
        super().__init__(manager, engine)
        manager.unlinked = self._leave
        self.records: dict[int, LoadedThread] = {}
        self._loading: dict[int, list[asyncio.Future[None]]] = {}  # thread -> tasks that wait for its load to end
        self._unanswered: dict[int | str, Decided | None] = {}  # the requests that a worker or a start must answer

    def locks(self) -> dict[str, asyncio.Lock]:
        """The manager's locks, and the gates of the records."""
        return self.manager.locks() | {f"G(t{thread})": record.gate for thread, record in self.records.items()}

    def listening(self) -> list[ModuleType]:
        """See `Server.listening`."""
        return [owning_listener]

    def resident(self) -> set[asyncio.Task[None]]:
        """The listeners of loaded threads."""
        return {record.listener for record in self.records.values() if record.listener is not None}

    async def answer(
        self, request_id: ConnectionRequestId, reply: Reply, *, open_turn: int | None = None, threads: tuple[int, ...] | None = None
    ) -> None:
        """See `Server.answer`. P11: a task that is cancelled here has decided on its answer."""
        self._unanswered[request_id.request_id] = Decided(reply, open_turn, threads)
        await super().answer(request_id, reply, open_turn=open_turn, threads=threads)
        self.handed(request_id)

    def handed(self, request_id: ConnectionRequestId) -> None:
        """The request is answered, or a listener answers it."""
        self._unanswered.pop(request_id.request_id, None)

    def cancelled(self, request_id: ConnectionRequestId) -> None:
        """The task that was to answer the request is cancelled: another one answers (P7), as was decided, or that it was cancelled."""
        if request_id.request_id in self._unanswered and not self.loop_closes():
            self.spawn(f"answer {request_id.request_id}", self._answer_instead, request_id)

    async def _answer_instead(self, request_id: ConnectionRequestId) -> None:
        reply, open_turn, threads = self._unanswered[request_id.request_id] or Decided(Reply.CANCELLED)
        await self.answer(request_id, reply, open_turn=open_turn, threads=threads)

    def loop_closes(self) -> bool:
        """Whether the loop is being closed in the middle of everything: no task that is cancelled has a successor then (P12)."""
        return False

    def go_on(self, request_id: ConnectionRequestId) -> None:
        """The request waits for the engine from now on: its connection's other requests are handled meanwhile (P14)."""

    # --- loading

    async def _adopt(self, thread: int, conversation: EngineConversation) -> None:
        """Put a conversation into the registry, with its record, its entry and its listener, in one step (P3, P5, P11)."""
        record = LoadedThread(thread, conversation)
        self.loaded[thread] = conversation
        self.records[thread] = record
        state = self.manager.state_of(thread)
        placed = state.set_listener(oneshot()[0], conversation)
        assert placed is not None, "only the unload of a record tears its entry down"
        if self.stopping:
            self._end(record)
        self.listens(record, OwningListener(self, record, state))

    def listens(self, record: LoadedThread, listener: OwningListener) -> None:
        """Run the listener of a record in a new task: its first, or the next after one that was cancelled from outside."""
        record.listener = self.listen(listener.run, record.thread, record.conversation)

    async def _bring(self, thread: int, bringing: Bringing) -> bool:
        """Have the engine bring a conversation and adopt it, or wait until another task has, which may fail.

        Returns whether this call has brought it. Raises EngineFailed.
        """
        if await self._brought(thread):
            return False
        self._loading[thread] = []
        try:
            await self._adopt(thread, await bringing())
        finally:
            for waiter in self._loading.pop(thread):
                if not waiter.done():  # its task was cancelled
                    waiter.set_result(None)
        return True

    async def _brought(self, thread: int) -> bool:
        """Wait for the task that loads the thread just now; False, at once, if there is none."""
        if thread not in self._loading:
            return False
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loading[thread].append(waiter)
        await waiter
        return True

    async def _subscribe(self, record: LoadedThread, request_id: ConnectionRequestId, raw: bool) -> "asyncio.Future[None] | None":
        """Subscribe, take the history, and queue the answer, in one hold of the gate. None: the thread is closing."""
        connection = request_id.connection_id
        async with record.gate:
            if record.closing:
                return None
            state = await self.manager.try_ensure_connection_subscribed(record.thread, connection, raw)
            turn = None if state is None else state.active_turn_snapshot()  # P11: from here on, all in one step
            member = object()
            if not self.gone(connection):  # else the answer goes to nobody
                member = record.members.setdefault(connection, member)
            answer = AnswerSent(request_id.request_id, Reply.OK, None if turn is None else turn.last)
            ended = AnswerSent(request_id.request_id, Reply.ENDED)
            said = record.say(connection, answer, Still(record, connection, member), ended)  # P8: it may end before it is sent
            self.handed(request_id)
            return ask(record, connection, member) or said

    async def _join(self, request_id: ConnectionRequestId, thread: int, raw: bool) -> None:
        """Subscribe to a thread that is loaded or in the store."""
        mine = False
        while thread not in self.records and not mine:  # another's load may have failed, or be unloaded again: try it oneself
            if not self.engine.stored(thread):
                await self.answer(request_id, Reply.NOT_FOUND)
                return
            self.go_on(request_id)
            try:
                mine = await self._bring(thread, partial(self.engine.load, thread))
            except EngineFailed:
                await self.answer(request_id, Reply.FAILED)
                return
        record = self.records.get(thread)
        if record is None:  # unloaded again
            await self.answer(request_id, Reply.FAILED)
            return
        said = await self._subscribe(record, request_id, raw)
        if said is None:
            await self.answer(request_id, Reply.CLOSING if self.records.get(thread) is record else Reply.ENDED)
        else:
            await said

    async def _begin(self, request_id: ConnectionRequestId, thread: int, raw: bool, starting: Bringing) -> None:
        """Start a new conversation and subscribe to it. The listener answers, and then tells everybody of the thread."""
        try:
            await self._start(request_id, thread, raw, starting)
        except asyncio.CancelledError:  # wherever it waited, the answer of a failure included
            self.cancelled(request_id)
            raise

    async def _start(self, request_id: ConnectionRequestId, thread: int, raw: bool, starting: Bringing) -> None:
        try:
            await self._bring(thread, starting)
            record = self.records.get(thread)
            if record is None or await self._subscribe(record, request_id, raw) is None:
                await self.answer(request_id, Reply.ENDED)
            else:
                record.queue.append(partial(self._announce, record))
        except EngineFailed:
            await self.answer(request_id, Reply.FAILED)

    async def _announce(self, record: LoadedThread) -> None:
        if not record.closing:
            await self.broadcast(Started(record.thread))

    async def broadcast(self, message: Message) -> None:
        """Send to every initialized client, in order with its other messages. It never waits: a slow client delays nobody (P8)."""
        self._post(message)

    def _post(self, message: Message) -> "list[asyncio.Future[bool]]":
        """The same; returns the futures of those for which there is no room yet."""
        posted = [self.outboxes[connection].post(message) for connection in sorted(self.initialized)]
        return [room for room in posted if room is not None]

    def _leave(self, thread: int, connection: int) -> None:
        """P8: a member is one no more in the step in which its subscription ends, whichever request has ended it."""
        record = self.records.get(thread)
        if record is not None:
            record.members.pop(connection, None)

    # --- unloading

    def stop(self) -> None:
        """See `Server.stop`. A load under way is unloaded when it is adopted."""
        self.stopping = True
        for record in self.records.values():
            self._end(record)

    def _end(self, record: LoadedThread) -> None:
        self.spawn(f"stopping v{record.conversation.number}", self._stop, record)

    async def _stop(self, record: LoadedThread) -> None:
        async with record.gate:
            mine = not record.closing
            if mine:
                await self._close(record)
        if mine:
            await self._unload(record)

    async def _close(self, record: LoadedThread) -> None:
        """End this incarnation in one step: no connection can subscribe any more, and the manager keeps nothing of it. The caller holds the
        gate."""
        record.close()
        self.unloading.add(record.thread)
        self.manager.tear_down(record.thread)

    async def _unload(self, record: LoadedThread) -> None:
        """Shut it down, and tell everybody."""
        await self._shut(record)
        await self.broadcast(Closed(record.thread))

    async def _shut(self, record: LoadedThread) -> None:
        """Shut the conversation down, and unload the thread even if that fails: its conversation is not used again."""
        await shut_down(record.conversation)
        self._forget(record)

    def _forget(self, record: LoadedThread) -> None:
        if self.records.get(record.thread) is record:
            del self.records[record.thread]
            del self.loaded[record.thread]
            self.unloading.discard(record.thread)
        for waiter in record.unloaded:
            if not waiter.done():
                waiter.set_result(None)

    async def conversation_ended(self, record: LoadedThread) -> None:
        """The stream has ended by itself. The listener calls this, holding the gate, and then ends."""
        await self._close(record)
        self._forget(record)
        self._post(Closed(record.thread))  # P8: before any message about the thread's next life


def ask(record: LoadedThread, connection: int, member: object) -> "asyncio.Future[None] | None":
    """Have a new member asked for every approval that no client has given yet. Resolved when the last is sent; None: there is none."""
    said = None
    for number in sorted(record.asked):
        said = record.say(connection, Asks(record.thread, record.conversation.number, number), Still(record, connection, member))
    return said
