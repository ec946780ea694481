"""An adapter of the core model for a server on the simulated network, with clients of the user's choice."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from subwarden.world.hubs.adapter import HubAdapter, Link, Messages, Say, adapter_class
from subwarden.world.hubs.rest import at_rest
from subwarden.world.network.stream import StreamSocket, opened


class SocketHub:
    """Makes the adapter of one run; give it to `subwarden.holds`.

    `serve`: an async function that runs the server until it is cancelled; or one with a `yield`, after which it is to stop.
    `connect(client)` connects a client: to a connection of websockets or aiohttp, a pair (reader, writer) for lines, or an object with
    async `send(text)` and `receive()`, and `close()`. It may have one `yield` of that, after which it is to close all that it has opened.
    `subscribe`, `unsubscribe`, `publish`, `received`: as for `AsgiHub`. Without
    `subscribe`, a subscription is a connection of its own, made by `connect(client, topic)`; or by `connect(client)`, where the server
    has no topics, and sends each message to all.

    `answered(text)`: whether a text answers the client's last request; a connection that the hub ends instead is a finding then. Without
    it, a request has been answered once nothing is in flight and no step is ready. A client leaves by `close()`, or it breaks off: its
    connection is reset, and what has not arrived by then is lost. With `breaks_off=False` all close. Raises ValueError for what cannot be
    played.
    """

    def __init__(
        self,
        serve: Callable[[], Any],
        *,
        connect: Callable[..., Awaitable[Any] | AsyncIterator[Any]],
        publish: Say,
        subscribe: Say | None = None,
        unsubscribe: Say | None = None,
        received: Callable[[str], str | None] | None = None,
        answered: Callable[[str], bool] | None = None,
        breaks_off: bool = True,
    ) -> None:
        if not (inspect.iscoroutinefunction(serve) or inspect.isasyncgenfunction(serve)):
            raise ValueError("SocketHub needs serve, an `async def` that runs the server")
        to_all = subscribe is None and not _takes(connect, "client", "topic")
        if (to_all or subscribe is not None) and not _takes(connect, "client"):
            without = ", or, where a subscription is a connection of its own, connect(client, topic)" if subscribe is None else ""
            raise ValueError(f"SocketHub needs connect(client), which connects a client{without}")
        self.serve, self.connect, self.answered, self.breaks_off = serve, connect, answered, breaks_off
        self.messages = Messages(publish, subscribe, unsubscribe, received, to_all)
        self._kind = adapter_class(_Adapter, self.messages)  # one class for all runs: a search tells states apart by it
        self.__name__ = getattr(serve, "__name__", "SocketHub")

    def __call__(self) -> Any:
        return self._kind(self)


def _takes(call: Callable[..., Any], *arguments: str) -> bool:
    try:
        inspect.signature(call).bind(*arguments)
    except TypeError:
        return False
    return True


class _Adapter(HubAdapter):
    def __init__(self, hub: SocketHub) -> None:
        super().__init__(hub.messages, breaks_off=hub.breaks_off)
        self._hub = hub
        self._server = AsyncExitStack()
        self._open: list[_Link] = []

    async def start(self) -> None:
        serve = self._hub.serve
        if inspect.isasyncgenfunction(serve):
            await self._server.enter_async_context(asynccontextmanager(serve)())
        else:
            task = asyncio.create_task(serve(), name="server")
            self._server.push_async_callback(_cancelled, task)
        await at_rest()
        await self.ready()

    async def open(self, client: str, topic: str | None) -> Link:
        sockets: list[StreamSocket] = []
        token = opened.set(sockets)
        try:
            arguments = (client, topic) if self.messages.by_topic and not self.messages.to_all else (client,)
            made, ends = await _connected(self._hub.connect(*arguments))
        finally:
            opened.reset(token)
        link = _Link(made, ends, self._hub.answered, sockets)
        self._open.append(link)
        if self._hub.answered is None:
            await at_rest()
        return link

    async def publish(self, topic: str, message: str) -> None:
        said = self.saying(topic, message)
        if inspect.isawaitable(said):  # it publishes by itself
            await said
            await at_rest()
            return
        await self.say(topic, said)

    async def publisher(self, topic: str | None) -> Link:
        name = self.publisher_name()
        link = await self.open(name, topic)
        self._readers.append(asyncio.create_task(self._drained(link), name=f"{name} listens"))
        return link

    async def _drained(self, link: Link) -> None:
        try:
            while True:
                await link.receive()
        except ConnectionError:
            pass

    async def stop(self) -> None:
        for link in self._open:
            await link.goodbye()
        await at_rest()
        await self._server.aclose()


async def _connected(connecting: Any) -> tuple[Any, Callable[[], Any]]:
    """The connection, and what closes it."""
    if inspect.isasyncgen(connecting):
        context = asynccontextmanager(lambda: connecting)()
        made = await context.__aenter__()
        return _Lines(*made) if isinstance(made, tuple) else made, partial(context.__aexit__, None, None, None)
    made = await connecting
    made = _Lines(*made) if isinstance(made, tuple) else made
    return made, made.close


async def _cancelled(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.wait([task])


class _Link(Link):
    def __init__(self, made: Any, ends: Callable[[], Any], answered: Callable[[str], bool] | None, sockets: list[StreamSocket]) -> None:
        self._ends = ends
        self._answered = answered
        self._sockets = sockets  # those that this client has opened so far
        self._broken = False  # the client has left without a goodbye
        self._answers: list[asyncio.Future[bool]] = []
        self._closing: asyncio.Task[None] | None = None
        self._end = False
        self._send = made.send_str if hasattr(made, "send_str") else made.send
        names = ("recv", "receive_str", "receive")
        self._receive = next(getattr(made, name) for name in names if hasattr(made, name))

    async def ask(self, message: Any) -> None:
        answer = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        try:
            await self._send(message if isinstance(message, str) else json.dumps(message))
        except Exception:  # it is closed; each package says so in its own way
            self._end = True
        if self._answered is None:
            if not self._end:
                await at_rest()
        elif (self._end or not await answer) and not self.left:
            raise ConnectionError(f"the hub ended the connection, and has not answered {message!r:.60}")

    async def receive(self) -> str:
        try:
            data = await self._receive()
        except Exception as error:  # as above
            self._ended()
            raise ConnectionError from error
        text = data if isinstance(data, str) else bytes(data).decode()
        if self._answered is not None and self._answers and self._answered(text):
            _settle(self._answers.pop(0), True)
        return text

    def _ended(self) -> None:
        self._end = True
        for each in self._answers:
            _settle(each, False)

    def break_off(self) -> None:
        self._broken = self.left = True
        for each in self._sockets:
            if not each.closed:
                each.break_off()
        self._ended()

    @property
    def breakable(self) -> bool:
        """In `fifo` alone. In `any`, a reset could overtake the step that a part of a line has woken, and asyncio's `readline` would wait
        for ever: no loop lets that happen.
        """
        loop: Any = asyncio.get_running_loop()
        return bool(self._sockets) and not loop.suspend_free_locks

    @property
    def over(self) -> bool:
        return self._end

    async def leave(self) -> None:
        await self.goodbye()
        await at_rest()

    async def goodbye(self) -> None:
        """Close the connection."""
        self.left = True
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="closing")
        if not self._closing.done():
            await asyncio.shield(self._closing)  # a client that is cut off has left all the same

    async def _close(self) -> None:
        try:
            ended = self._ends()
            if inspect.isawaitable(ended):
                await ended
        except Exception:
            if not self._broken:  # there is nobody to say goodbye to; each package says so in its own way
                raise


def _settle(answer: "asyncio.Future[bool]", answered: bool) -> None:
    if not answer.done():
        answer.set_result(answered)


class _Lines:
    """A pair of streams, for texts of one line each."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, text: str) -> None:
        self._writer.write(text.encode() + b"\n")
        await self._writer.drain()

    async def receive(self) -> str:
        line = await self._reader.readline()
        if not line.endswith(b"\n"):  # the connection has ended, maybe in the middle of a line
            raise ConnectionResetError
        return line.decode().removesuffix("\n")

    def close(self) -> None:
        self._writer.close()
