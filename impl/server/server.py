"""The common base of all request layers: connections and their outboxes, the registry of loaded threads, the table of handlers.

It refuses to know how a thread is subscribed to, listened to or torn down: the subjects differ in that.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from types import ModuleType
from typing import Any, NamedTuple

from subwarden.impl.manager.api import ManagerApi
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.engine import TIME_LIMIT, Engine, EngineConversation, EngineFailed, Submission
from subwarden.impl.server.outbox import Outbox, always
from subwarden.model.server import requests as rq
from subwarden.model.server.requests import AnswerSent, Message, Reply, Request

Handle = Callable[[ConnectionRequestId, Any], Coroutine[Any, Any, None]]


class ShownServer(NamedTuple):
    """The parts of a server beside its manager's maps, at one moment."""

    loaded: dict[int, int]  # thread -> number of its conversation
    closing: set[int]  # threads that are being unloaded
    listeners: list[tuple[int, int]]  # (thread, conversation) of each listener task that has not ended


class Server(ABC):
    """One server. Its transport calls `open`, `receive`, `close`, `approve`, `deny` and `stop`, which never suspend."""

    has_workers = False  # whether a task of its own does each request, beside the handler

    def __init__(self, manager: ManagerApi, engine: Engine) -> None:
        self.manager = manager
        self.engine = engine
        self.outboxes: dict[int, Outbox] = {}
        self.initialized: set[int] = set()
        self.stopping = False
        self.loaded: dict[int, EngineConversation] = {}
        self.unloading: set[int] = set()  # threads that are loaded and closing
        self.handlers: dict[int | str, asyncio.Task[None]] = {}  # request -> its handler, while that runs
        self.listeners: dict[asyncio.Task[None], tuple[int, int]] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}  # those below by name, from their first step on
        self._background: set[asyncio.Task[None]] = set()  # the loop keeps only weak references to tasks
        self._handle: dict[type[Request], Handle] = {
            rq.Initialize: self.initialize,
            rq.Start: self.thread_start,
            rq.Resume: self.thread_resume,
            rq.Fork: self.thread_fork,
            rq.Unsubscribe: self.thread_unsubscribe,
            rq.Archive: self.thread_archive,
            rq.ListLoaded: self.thread_loaded_list,
            rq.TurnStart: self.turn_start,
            rq.TurnInterrupt: self.turn_interrupt,
            rq.Rollback: self.thread_rollback,
            rq.AddListener: self.add_listener,
            rq.RemoveListener: self.remove_listener,
        }

    # --- the transport

    def open(self, connection: int, outbox: Outbox) -> None:
        """A client has connected."""
        self.outboxes[connection] = outbox

    @abstractmethod
    def receive(self, request_id: ConnectionRequestId, request: Request) -> None:
        """A client's request has arrived."""

    @abstractmethod
    def close(self, connection: int) -> None:
        """A client has gone. Its outbox is closed already."""

    @abstractmethod
    def approve(self, connection: int, thread: int, conversation: int, number: int) -> None:
        """A client has given the approval that event `number` of a conversation asked for."""

    @abstractmethod
    def deny(self, connection: int, thread: int, conversation: int, number: int) -> None:
        """A client has refused it."""

    @abstractmethod
    def stop(self) -> None:
        """Unload every thread: the process is about to end. All clients have gone, and none will come."""

    # --- showing

    def show(self) -> ShownServer:
        """The registry and the listeners now. Never suspends."""
        loaded = {thread: conversation.number for thread, conversation in self.loaded.items()}
        return ShownServer(loaded, set(self.unloading), list(self.listeners.values()))

    def locks(self) -> dict[str, asyncio.Lock]:
        """The locks, by the names that reports give them."""
        return self.manager.locks()

    @abstractmethod
    def listening(self) -> list[ModuleType]:
        """The modules of the server's listeners."""

    @abstractmethod
    def resident(self) -> set[asyncio.Task[None]]:
        """The tasks that may be left at quiescence."""

    # --- tasks

    def spawn(self, name: str, work: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> asyncio.Task[None]:
        """Run `work` in a task of its own."""
        tracked = self._tracked(work, arguments)
        try:
            task = asyncio.get_running_loop().create_task(tracked, name=name)
        except BaseException:  # the loop is being closed
            tracked.close()
            raise
        self._background.add(task)
        return task

    async def _tracked(self, work: Callable[..., Coroutine[Any, Any, None]], arguments: tuple[Any, ...]) -> None:
        """Run `work`, and forget its task at the end. A callback that forgets it would be one more step of the loop."""
        task = asyncio.current_task()
        assert task is not None
        name = task.get_name()
        self.tasks[name] = task
        try:
            await work(*arguments)
        finally:
            self._background.discard(task)
            if self.tasks.get(name) is task:
                del self.tasks[name]
            self.listeners.pop(task, None)

    def listen(self, work: Callable[[], Coroutine[Any, Any, None]], thread: int, conversation: EngineConversation) -> asyncio.Task[None]:
        """Run a listener."""
        task = self.spawn(f"listener v{conversation.number}", work)
        self.listeners[task] = (thread, conversation.number)
        return task

    async def handle(self, request_id: ConnectionRequestId, request: Request) -> None:
        """Handle one request in a task of its own, which its caller can cancel, and wait until that has ended."""
        task = asyncio.get_running_loop().create_task(self.handling(request_id, request), name=f"request {request_id.request_id}")
        self.handlers[request_id.request_id] = task
        try:
            await task
        except asyncio.CancelledError:
            this = asyncio.current_task()
            if not task.cancelled() or (this is not None and this.cancelling()):  # then this task was cancelled, and not only the handler
                raise
        finally:
            del self.handlers[request_id.request_id]

    def handling(self, request_id: ConnectionRequestId, request: Request) -> Coroutine[Any, Any, None]:
        """The work of a request's handler."""
        return self.dispatch(request_id, request)

    async def dispatch(self, request_id: ConnectionRequestId, request: Request) -> None:
        """Carry out and answer a request, if its connection is initialized."""
        if type(request) is not rq.Initialize and request_id.connection_id not in self.initialized:
            await self.answer(request_id, Reply.UNINITIALIZED)
            return
        await self._handle[type(request)](request_id, request)

    # --- sending

    async def send(self, connection: int, message: Message, wanted: Callable[[], bool] = always) -> bool:
        """Queue a message for a client; see `Outbox.send`."""
        outbox = self.outboxes.get(connection)
        return outbox is not None and await outbox.send(message, wanted)

    async def answer(
        self, request_id: ConnectionRequestId, reply: Reply, *, open_turn: int | None = None, threads: tuple[int, ...] | None = None
    ) -> None:
        """Answer a request."""
        await self.send(request_id.connection_id, AnswerSent(request_id.request_id, reply, open_turn, threads))

    def gone(self, connection: int) -> bool:
        """Whether the client has gone, which is final: no connection's number is used again."""
        outbox = self.outboxes.get(connection)
        return outbox is None or outbox.closed

    async def broadcast(self, message: Message) -> None:
        """Send to every initialized client, one after another."""
        for connection in sorted(self.initialized):
            await self.send(connection, message)

    # --- requests

    @abstractmethod
    async def initialize(self, request_id: ConnectionRequestId, request: rq.Initialize) -> None:
        """`initialize`"""

    @abstractmethod
    async def thread_start(self, request_id: ConnectionRequestId, request: rq.Start) -> None:
        """`thread/start`"""

    @abstractmethod
    async def thread_resume(self, request_id: ConnectionRequestId, request: rq.Resume) -> None:
        """`thread/resume`"""

    @abstractmethod
    async def thread_fork(self, request_id: ConnectionRequestId, request: rq.Fork) -> None:
        """`thread/fork`"""

    @abstractmethod
    async def thread_unsubscribe(self, request_id: ConnectionRequestId, request: rq.Unsubscribe) -> None:
        """`thread/unsubscribe`"""

    @abstractmethod
    async def thread_archive(self, request_id: ConnectionRequestId, request: rq.Archive) -> None:
        """`thread/archive`"""

    @abstractmethod
    async def turn_interrupt(self, request_id: ConnectionRequestId, request: rq.TurnInterrupt) -> None:
        """`turn/interrupt`"""

    @abstractmethod
    async def thread_rollback(self, request_id: ConnectionRequestId, request: rq.Rollback) -> None:
        """`thread/rollback`"""

    @abstractmethod
    async def add_listener(self, request_id: ConnectionRequestId, request: rq.AddListener) -> None:
        """The old way to subscribe."""

    @abstractmethod
    async def remove_listener(self, request_id: ConnectionRequestId, request: rq.RemoveListener) -> None:
        """The old way to unsubscribe."""

    async def thread_loaded_list(self, request_id: ConnectionRequestId, _request: rq.ListLoaded) -> None:
        """`thread/loaded/list`: reads only the registry, so that it is answered whatever else is pending (P14)."""
        await self.answer(request_id, Reply.OK, threads=tuple(sorted(self.loaded)))

    async def turn_start(self, request_id: ConnectionRequestId, request: rq.TurnStart) -> None:
        """`turn/start`: submit the turn, and answer without waiting for it."""
        conversation = self.loaded.get(request.thread)
        if conversation is None:
            await self.answer(request_id, Reply.NOT_LOADED)
            return
        try:
            conversation.submit(Submission.ASKING_TURN if request.asks else Submission.TURN)
        except EngineFailed:
            await self.answer(request_id, Reply.FAILED)
            return
        await self.answer(request_id, Reply.OK)


async def shut_down(conversation: EngineConversation) -> bool:
    """Ask a conversation to shut down, and wait for it within the time limit. False if it has not."""
    try:
        conversation.submit(Submission.SHUTDOWN)
        async with asyncio.timeout(TIME_LIMIT):
            await conversation.ended()
    except (EngineFailed, TimeoutError):
        return False
    return True
