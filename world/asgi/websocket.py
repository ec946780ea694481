"""A websocket client of an application."""

import json
from collections.abc import AsyncIterator, Coroutine, Generator
from typing import Any

from subwarden.world.asgi.connection import Connection, Disconnected
from subwarden.world.asgi.pipe import Message


class Done:
    """What has been done at once, and may be awaited all the same."""

    def __await__(self) -> Generator[Any, None, None]:
        return
        yield


class WebSocket:
    """An open websocket: what a test client offers, with every message timed by the scheduler.

    `async for` gives the messages until the connection is closed.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.name = connection.name
        self.subprotocol: str | None = None
        self.closed: Disconnected | None = None

    async def opened(self) -> None:
        """Wait for the application to accept. Raises Disconnected if it does not."""
        self._connection.to_app.put({"type": "websocket.connect"})
        message = await self._next()
        self.subprotocol = message.get("subprotocol")

    async def _next(self) -> Message:
        if self.closed is not None:
            raise self.closed
        message = await self._connection.answer()
        kind = message["type"]
        if kind in ("websocket.accept", "websocket.send"):
            return message
        code: int = {"websocket.close": message.get("code", 1000), "app.end": 1006}.get(kind) or message.get("status", 403)
        self.closed = Disconnected(code, message.get("reason") or "")
        self._connection.leave()
        raise self.closed from message.get("error")

    async def send(self, data: str | bytes | Any) -> None:
        """Send text or bytes; anything else as JSON."""
        if self.closed is not None:
            raise self.closed
        if isinstance(data, bytes):
            self._connection.to_app.put({"type": "websocket.receive", "bytes": data})
        else:
            text = data if isinstance(data, str) else json.dumps(data)
            self._connection.to_app.put({"type": "websocket.receive", "text": text})

    send_text = send_bytes = send

    async def send_json(self, data: Any) -> None:
        """Send anything as JSON."""
        await self.send(json.dumps(data))

    async def receive(self) -> str | bytes:
        """The next message of the application. Raises Disconnected."""
        message = await self._next()
        text = message.get("text")
        found: str | bytes = message.get("bytes", b"") if text is None else text
        return found

    async def receive_text(self) -> str:
        """The next message of the application, as text. Raises Disconnected."""
        found = await self.receive()
        return found if isinstance(found, str) else found.decode()

    async def receive_bytes(self) -> bytes:
        """The next message of the application, as bytes. Raises Disconnected."""
        found = await self.receive()
        return found.encode() if isinstance(found, str) else found

    async def receive_json(self) -> Any:
        """The next message of the application, read as JSON. Raises Disconnected."""
        return json.loads(await self.receive())

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while True:
            try:
                message = await self.receive()
            except Disconnected:
                return
            yield message

    async def taken(self) -> None:
        """Wait until the application has taken everything that was sent, and asks for more: it has dealt with it, if it works in turn."""
        await self._connection.taken()

    @property
    def in_turn(self) -> bool:
        """Whether the application itself takes each message: it deals with it before it asks for more, unless it begins a task."""
        return self._connection.in_turn

    def close(self, code: int = 1000) -> Done:
        """Leave. The application hears of it when the scheduler says. It need not be awaited."""
        if not self._connection.left:
            self._connection._leaves["code"] = code
            self._connection.leave()
        return Done()

    def break_off(self) -> None:
        """Leave without a goodbye: the application hears of code 1006, and what it has not received by then is lost."""
        self._connection.break_off()

    @property
    def over(self) -> bool:
        """Whether the application has ended its part."""
        return self._connection.over

    async def ended(self) -> None:
        """Wait until the application has ended its part."""
        await self._connection.ended()


class Opening(Coroutine[Any, Any, WebSocket]):
    """A websocket that is being opened: a coroutine, which can be entered as a context, too, that leaves at its end."""

    def __init__(self, opened: Coroutine[Any, Any, WebSocket]) -> None:
        self._opened = opened
        self._made: WebSocket | None = None

    def __await__(self) -> Generator[Any, None, WebSocket]:
        return self._opened.__await__()

    def send(self, value: Any) -> Any:
        return self._opened.send(value)

    def throw(self, *error: Any) -> Any:
        return self._opened.throw(*error)

    def close(self) -> None:
        self._opened.close()

    async def __aenter__(self) -> WebSocket:
        self._made = await self._opened
        return self._made

    async def __aexit__(self, *_: object) -> None:
        if self._made is not None:
            self._made.close()
