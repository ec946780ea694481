"""Servers without topics, which send each message to all, as ASGI applications and on a network; right, or with one planted fault.

What they send is wrapped, and some of it is no message at all: nobody tells the adapter how a message stands in it.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import subwarden

#: What each fault does, by name.
FAULTS = {
    "stops at a broken client": "a broadcast ends at the first member that has gone",
    "ends all": "who leaves takes all members along",
    "tells twice": "a member gets each message twice",
}
Send = Callable[[str], Awaitable[object]]


class Everybody:
    """Those who are there, by what sends to them. `fault`: one of `FAULTS`, or nothing."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.members: list[tuple[str, Send]] = []

    async def comes(self, name: str, send: Send) -> None:
        """It is there, and the others are told."""
        self.members += [(name, send)] * (2 if self.fault == "tells twice" else 1)
        await self.tells({"joined": name})

    def goes(self, send: Send) -> None:
        self.members = [each for each in self.members if each[1] is not send and self.fault != "ends all"]

    async def tells(self, said: Any) -> None:
        text = json.dumps(said)
        if self.fault == "stops at a broken client":
            with contextlib.suppress(OSError):
                for _, send in self.members:
                    await send(text)
            return
        for _, send in self.members:
            with contextlib.suppress(OSError):
                await send(text)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The application."""
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        name = scope["path"].rpartition("/")[2]

        async def sends(text: str) -> None:
            await send({"type": "websocket.send", "text": text})

        try:
            await self.comes(name, sends)
            while (message := await receive())["type"] == "websocket.receive":
                await self.tells({"from": name, "body": [{"text": message["text"]}]})
        finally:
            self.goes(sends)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A client of the server: its name, then a message a line."""

        async def sends(text: str) -> None:
            writer.write(f"{text}\n".encode())
            await writer.drain()

        with contextlib.suppress(ConnectionError):
            name = (await reader.readline()).decode().strip()
            await self.comes(name, sends)
            while line := await reader.readline():
                await self.tells({"from": name, "body": [{"text": line.decode().strip()}]})
        self.goes(sends)
        writer.close()


def by_asgi(fault: str = "") -> Any:
    """The adapter of an application."""
    return subwarden.AsgiHub(lambda: Everybody(fault), path="/ws/{client}", publish=lambda topic, message: message)


def on_the_network(fault: str = "") -> Any:
    """The adapter of a server."""

    async def serve() -> AsyncIterator[None]:
        async with await asyncio.start_server(Everybody(fault).handle, "localhost", 7000):
            yield

    async def connect(client: str) -> Any:
        reader, writer = await asyncio.open_connection("localhost", 7000)
        writer.write(f"{client}\n".encode())
        return reader, writer

    return subwarden.SocketHub(serve, connect=connect, publish=lambda topic, message: message)
