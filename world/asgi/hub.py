"""An adapter of the core model for an ASGI application that clients reach by websocket: it is judged by what its clients receive."""

import asyncio
from collections.abc import Callable
from typing import Any

from subwarden.world.asgi.application import Application
from subwarden.world.asgi.connection import Disconnected
from subwarden.world.asgi.websocket import WebSocket

Say = Callable[..., Any]
PUBLISHER = "publisher"


class AsgiHub:
    """Makes the adapter of one run; give it to `subwarden.holds`.

    `app`: a function without arguments that makes the application, as each run needs a fresh one. `path`: where a client connects, with
    `{client}`. `subscribe(topic)`, `unsubscribe(topic)`: the message by which a client asks for that, text or JSON. `publish(topic,
    message)`: the message that a publisher sends, by a websocket of its own; or a tuple (method, path, JSON) for an HTTP request.
    `received(text)`: the published message in what a client was sent, or None for anything else.

    If `path` has `{topic}`, a subscription is a websocket of its own; `subscribe` and `unsubscribe` are not needed then. `observe(app)`:
    what the application believes, as (client, topic) pairs.

    A call has been answered when the application has taken its message and asks for the next. Raises ValueError for what cannot be played.
    """

    def __init__(
        self,
        app: Callable[[], Any],
        *,
        path: str,
        publish: Say,
        subscribe: Say | None = None,
        unsubscribe: Say | None = None,
        received: Callable[[str], str | None] = str,
        observe: Callable[[Any], Any] | None = None,
    ) -> None:
        if ("{topic}" in path) is (subscribe is not None):
            raise ValueError("AsgiHub needs either subscribe=, the message by which a client subscribes, or a path with {topic}")
        self.app, self.path, self.publish, self.received = app, path, publish, received
        self.subscribe, self.unsubscribe, self.observe = subscribe, unsubscribe, observe
        self.__name__ = getattr(app, "__name__", "AsgiHub")

    def __call__(self) -> Any:
        kind: type[_ByTopic] | type[_ByMessage] = _ByTopic if "{topic}" in self.path else _ByMessage
        methods: dict[str, Any] = {}
        if self.observe is not None:
            look = self.observe
            methods["observe"] = lambda adapter: look(adapter.app)
        if kind is _ByTopic or self.unsubscribe is not None:
            methods["unsubscribe"] = kind.unsubscribes
        return type("AsgiHub", (kind,), methods)(self)


class _Adapter:
    reconnects = False

    def __init__(self, hub: AsgiHub) -> None:
        self.hub, self.app = hub, hub.app()
        self._driver: Application | None = None
        self._sockets: dict[Any, WebSocket] = {}  # by client, or by (client, topic)
        self._gone: set[str] = set()
        self._turns: dict[str, asyncio.Lock] = {}
        self._readers: list[Any] = []
        self._received: dict[str, list[str]] = {}

    def turn(self, client: str) -> asyncio.Lock:
        """Held while a client connects: it asks for nothing before."""
        return self._turns.setdefault(client, asyncio.Lock())

    def driver(self) -> Application:
        if self._driver is None:
            self._driver = Application(self.app)
        return self._driver

    async def open(self, client: str, topic: str | None = None) -> WebSocket:
        """A websocket of `client`, with a reader that keeps what arrives."""
        name = client if topic is None else f"{client}/{topic}"
        made = await self.driver().websocket(self.hub.path.format(client=client, topic=topic), name=name)
        await made.taken()
        loop = made._connection.loop
        self._readers.append(loop.create_task(self._read(client, made), name=f"{name} listens"))
        return made

    async def _read(self, client: str, socket: WebSocket) -> None:
        kept = self._received.setdefault(client, [])
        try:
            while True:
                data = await socket.receive()
                message = self.hub.received(data if isinstance(data, str) else data.decode())
                if message is not None:
                    kept.append(message)
        except Disconnected:
            pass

    async def publish(self, topic: str, message: str) -> None:
        said = self.hub.publish(topic, message)
        if isinstance(said, tuple):
            await self.driver().request(said[0], said[1], json=said[2])
            return
        publisher = await self.driver().websocket(self.hub.path.format(client=PUBLISHER, topic=topic), name=f"{PUBLISHER}-{message}")
        await publisher.send(said)
        await publisher.taken()
        publisher.close()
        await publisher.ended()

    def delivered(self) -> dict[str, list[str]]:
        return self._received

    async def close(self) -> None:
        await self.driver().close()
        for reader in self._readers:
            reader.cancel()


class _ByMessage(_Adapter):
    """A client has one websocket, by which it subscribes."""

    async def connect(self, client: str) -> None:
        async with self.turn(client):
            if client in self._gone:
                return
            self._gone.add(client)  # an id names one connection
            try:
                self._sockets[client] = await self.open(client)
            except BaseException:
                self._gone.discard(client)  # it was not connected: it may try again
                raise

    async def _ask(self, client: str, message: Any) -> None:
        async with self.turn(client):
            socket = self._sockets.get(client)
        if socket is None:
            return
        try:
            await socket.send(message)
            await socket.taken()
        except Disconnected:
            pass

    async def subscribe(self, client: str, topic: str) -> None:
        assert self.hub.subscribe is not None
        await self._ask(client, self.hub.subscribe(topic))

    async def unsubscribes(self, client: str, topic: str) -> None:
        assert self.hub.unsubscribe is not None
        await self._ask(client, self.hub.unsubscribe(topic))

    async def disconnect(self, client: str) -> None:
        async with self.turn(client):
            self._gone.add(client)
            socket = self._sockets.pop(client, None)
        if socket is not None:
            await _left(socket)


class _ByTopic(_Adapter):
    """A subscription is a websocket of its own."""

    def __init__(self, hub: AsgiHub) -> None:
        super().__init__(hub)
        self._live: set[str] = set()

    async def connect(self, client: str) -> None:
        if client not in self._gone:
            self._live.add(client)

    async def subscribe(self, client: str, topic: str) -> None:
        async with self.turn(client):
            if client in self._live and (client, topic) not in self._sockets:
                self._sockets[client, topic] = await self.open(client, topic)

    async def unsubscribes(self, client: str, topic: str) -> None:
        async with self.turn(client):
            socket = self._sockets.pop((client, topic), None)
        if socket is not None:
            await _left(socket)

    async def disconnect(self, client: str) -> None:
        async with self.turn(client):
            self._live.discard(client)
            self._gone.add(client)
            left = [self._sockets.pop(key) for key in [key for key in self._sockets if key[0] == client]]
        for socket in left:
            await _left(socket)


async def _left(socket: WebSocket) -> None:
    socket.close()
    await socket.ended()
