"""A line protocol on `asyncio.start_server`, right or with one planted fault, for `subwarden.SocketHub`.

`join`, `leave` and `say` name a topic; each is answered by `ok`. Without a fault it holds, whichever way its clients leave.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import subwarden

STORING = 0.01  # seconds

#: What each fault does, by name.
FAULTS = {
    "keeps who leaves": "`leave` is answered and does nothing",
    "joins twice": "who joins a topic again gets each message twice",
    "leaves once": "who joins a topic again stays in it after one `leave`",
    "acknowledges early": "`join` is answered before the store knows of the member",
    "acknowledges a leave early": "`leave` is answered before the store knows of it",
    "stops at a broken client": "a broadcast ends at the first member whose connection is broken",
    "forgets on reset": "a member whose connection was reset is never removed, and breaks the next broadcast",
    "ends all at a reset": "a member whose connection was reset takes all members of its topics along",
    "forgets a second topic": "who joins a second topic is out of the first",
    "walks the live list": "a broadcast goes through the list of members itself: if one leaves meanwhile, the next is passed over",
}


class Server:
    """The members of each topic, and what is said to them. `fault`: one of `FAULTS`, or nothing."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.topics: dict[str, list[asyncio.StreamWriter]] = {}

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        politely = False
        try:
            while (line := await reader.readline()).endswith(b"\n"):
                verb, topic, *text = line.decode().split()
                await self.act(writer, verb, topic, *text)
            politely = True
        except ConnectionError:
            pass  # it has broken off
        finally:
            if politely or self.fault != "forgets on reset":
                self.remove(writer, everybody=not politely and self.fault == "ends all at a reset")
            writer.close()

    async def act(self, writer: asyncio.StreamWriter, verb: str, topic: str, text: str = "") -> None:
        """One line."""
        members, fault = self.topics.setdefault(topic, []), self.fault
        if verb == "say":
            await self.say(members, text)
        early = fault == {"join": "acknowledges early", "leave": "acknowledges a leave early"}.get(verb)
        if early:
            writer.write(b"ok\n")
            await asyncio.sleep(STORING)
        if verb == "join" and (writer not in members or fault in ("joins twice", "leaves once")):
            if fault == "forgets a second topic":
                self.remove(writer)
            members.append(writer)
        elif verb == "leave" and writer in members and fault != "keeps who leaves":
            if fault == "leaves once":
                members.remove(writer)
            else:
                self.remove(writer, topic)
        if not early:
            writer.write(b"ok\n")
        await writer.drain()

    async def say(self, members: list[asyncio.StreamWriter], text: str) -> None:
        """Send `text` to each member."""
        if self.fault == "leaves once":
            members = list(dict.fromkeys(members))
        for each in members if self.fault == "walks the live list" else list(members):
            if self.fault in ("stops at a broken client", "forgets on reset"):
                each.write(f"{text}\n".encode())
                await each.drain()
            else:
                await self.send(each, text)

    async def send(self, writer: asyncio.StreamWriter, text: str) -> None:
        """Send `text` to one member, which may have gone."""
        if self.fault == "walks the live list":
            await asyncio.sleep(STORING)  # it asks a store for each member
        with contextlib.suppress(ConnectionError):
            writer.write(f"{text}\n".encode())
            await writer.drain()

    def remove(self, writer: asyncio.StreamWriter, topic: str | None = None, *, everybody: bool = False) -> None:
        """A member has gone, or has left one topic."""
        for each_topic, members in self.topics.items():
            if writer in members and topic in (None, each_topic):
                members[:] = [each for each in members if each is not writer and not everybody]

    async def serve(self) -> AsyncIterator[None]:
        """Run until it is to stop."""
        async with await asyncio.start_server(self.handle, "localhost", 7000):
            yield


def hub(fault: str = "", answered: Callable[[str], bool] | None = lambda text: text == "ok") -> Any:
    """The adapter of a server with this fault."""

    async def serve() -> AsyncIterator[None]:
        async for _ in Server(fault).serve():
            yield

    return subwarden.SocketHub(
        serve,
        connect=lambda client: asyncio.open_connection("localhost", 7000),
        subscribe=lambda topic: f"join {topic}",
        unsubscribe=lambda topic: f"leave {topic}",
        publish=lambda topic, message: f"say {topic} {message}",
        received=lambda text: None if text == "ok" else text,
        answered=answered,
    )
