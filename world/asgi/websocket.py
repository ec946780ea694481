"""A websocket client of an application."""

import json
from typing import Any

from subwarden.world.asgi.connection import Connection, Disconnected
from subwarden.world.asgi.pipe import Message


class WebSocket:
    """An open websocket: what a test client offers, with every message timed by the scheduler."""

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

    async def receive(self) -> str | bytes:
        """The next message of the application. Raises Disconnected."""
        message = await self._next()
        text = message.get("text")
        found: str | bytes = message.get("bytes", b"") if text is None else text
        return found

    async def receive_json(self) -> Any:
        """The next message of the application, read as JSON. Raises Disconnected."""
        return json.loads(await self.receive())

    async def taken(self) -> None:
        """Wait until the application has taken everything that was sent, and asks for more: it has dealt with it, if it works in turn."""
        await self._connection.taken()

    def close(self, code: int = 1000) -> None:
        """Leave. The application hears of it when the scheduler says."""
        self._connection._leaves["code"] = code
        self._connection.leave()

    async def ended(self) -> None:
        """Wait until the application has ended its part."""
        await self._connection.ended()
