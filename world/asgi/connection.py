"""One call of an application: a client, the two pipes between them, and the task that runs the application for it."""

import asyncio
from typing import Any

from subwarden.world.arrival import Arrival
from subwarden.world.asgi.pipe import Closed, Message, Pipe
from subwarden.world.jobs import JobLoop


class ClientDisconnected(OSError):
    """The application sends to a client that has gone; servers raise such an error from `send`."""


class Disconnected(ConnectionError):
    """The application has closed the connection, or failed. `code`: the close code of a websocket."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"disconnected with code {code}{f' ({reason})' if reason else ''}")
        self.code, self.reason = code, reason


class Connection:
    """A client of the application. `name` is its name in schedules and reports."""

    def __init__(self, loop: JobLoop, name: str, leaves: Message, may_vanish: bool = False) -> None:
        self.loop, self.name, self._leaves = loop, name, leaves
        self.to_app = Pipe(loop, self._say_in, self._noticed)
        self.to_client = Pipe(loop, self._say_out)
        self.gone = False  # the application's server knows that the client has left
        self.left = False  # the client has left
        self.broken = False  # and without a goodbye
        self.unsupported = leaves["type"] == "lifespan.disconnect"  # the application may raise: it may not know this kind of call
        self.task: asyncio.Task[None] | None = None
        self.in_turn = True  # the task of the call itself receives; else another one does, which hands messages on
        self._vanishes = Arrival(loop, lambda: f"{name} vanishes", self.leave, optional=True)
        self._frees = Arrival(loop, lambda: f"{name} is gone, and a send to it ends", self.to_client.close)
        if may_vanish:
            self._vanishes.offer(True)

    def _say_in(self, message: Message) -> str:
        if message["type"].endswith("disconnect"):
            return f"{self.name} leaves"
        if message["type"] == "websocket.connect":
            return f"{self.name} connects"
        if message["type"].startswith("lifespan."):
            return f"{self.name} asks for {message['type'].rpartition('.')[2]}"
        return f"{self.name} sends {_size(message)}"

    def _say_out(self, message: Message) -> str:
        what = message["type"].rpartition(".")[2]
        return f"{self.name} receives {_size(message) if what in ('send', 'body') else what}"

    def _noticed(self, message: Message) -> None:
        if message["type"].endswith("disconnect"):
            self.gone = True
            if self.to_client.pending():
                self._frees.offer(True)

    def leave(self) -> None:
        """The client leaves; the application hears of it after all that was sent before."""
        if not self.left:
            self.left = True
            self._vanishes.offer(False)
            self.to_client.end(full=self.broken and not self.over)
            self.to_app.put(self._leaves)

    def break_off(self) -> None:
        """The client is gone: what was on its way to the application is lost, and a send that waits for the client fails."""
        if not self.left:
            self.broken = True
            self._leaves["code"] = 1006
            self.to_app.lose()
            self.leave()

    @property
    def over(self) -> bool:
        """Whether the application has ended this call."""
        return self.to_app.closed or (self.task is not None and self.task.done())

    async def answer(self) -> Message:
        """The next message of the application to the client. Raises Disconnected once the client has left."""
        try:
            return await self.to_client.get()
        except Closed:
            raise Disconnected(1000, "this client has left") from None

    # --- the application's side

    async def receive(self) -> Message:
        """The `receive` of ASGI."""
        self.in_turn = self.in_turn and asyncio.current_task() is self.task
        if self.gone and not self.to_app._here:
            return dict(self._leaves)
        return await self.to_app.get()

    async def send(self, message: Message) -> None:
        """The `send` of ASGI. It waits while the client is slow. Once it has gone, that of a websocket raises OSError, and that of a
        request does nothing, as with uvicorn.
        """
        if self.gone and self._leaves["type"] == "http.disconnect":
            return
        if self.gone:
            raise ClientDisconnected(f"{self.name} has gone")
        self.to_client.put(dict(message))
        while self.to_client.pending():  # as for a slow client, whose buffers are full
            await self.to_client.change()
        if self.broken and self.to_client.closed:
            raise ClientDisconnected(f"{self.name} has gone")

    def run(self, app: Any, scope: dict[str, Any]) -> None:
        """Call the application for this connection, in a task of its own."""
        self.task = self.loop.create_task(self._call(app, scope), name=f"app for {self.name}")

    async def _call(self, app: Any, scope: dict[str, Any]) -> None:
        reason, raised = "the application has ended this call", None
        try:
            await app(scope, self.receive, self.send)
        except Exception as error:
            raised, reason = error, f"the application raised {type(error).__name__}: {error}".splitlines()[0]
            told = isinstance(error, ClientDisconnected) or type(error).__name__ == "WebSocketDisconnect"
            if not self.unsupported and not (self.gone and told):
                raise
        finally:
            self._vanishes.offer(False)
            self.to_client.put({"type": "app.end", "reason": reason, "error": raised})
            self.to_app.close()
            if self.broken:  # its end will not be noticed any more
                self.to_client.close()

    async def ended(self) -> None:
        """Wait until the application has ended this call."""
        while self.task is not None and not self.task.done() and not self.to_app.closed:
            await self.to_app.change()

    async def taken(self) -> None:
        """Wait until the application has taken everything that the client has sent, and waits for more or has ended."""
        while self.task is not None and not self.task.done() and not self.to_app.closed and not self.to_app.idle():
            await self.to_app.change()


def _size(message: Message) -> str:
    content = message.get("text")
    if content is None:
        content = message.get("bytes", message.get("body")) or b""
        return f"{len(content)} bytes"
    return repr(content) if len(content) <= 30 else f"{content[:30]!r}..."
