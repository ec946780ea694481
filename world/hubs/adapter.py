"""The adapter of one run, for a hub that clients reach by connections: it is judged by what they receive.

A subclass knows how a client connects. It refuses to look inside, unless the user gives `observe`.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

Say = Callable[..., Any]
PUBLISHER = "publisher"


class Link(ABC):
    """An open connection of one client."""

    @abstractmethod
    async def ask(self, message: Any) -> None:
        """Send `message`, and wait until it has been answered. Returns also where the connection is closed meanwhile."""

    @abstractmethod
    async def receive(self) -> str:
        """The next text. Raises ConnectionError at the end."""

    @abstractmethod
    async def leave(self) -> None:
        """Close the connection, and wait until the hub has noticed."""


class Messages(NamedTuple):
    """How clients talk to a hub; see `AsgiHub`. Without `subscribe`, a subscription is a connection of its own."""

    publish: Say
    subscribe: Say | None
    unsubscribe: Say | None
    received: Callable[[str], str | None]

    @property
    def by_topic(self) -> bool:
        return self.subscribe is None


class HubAdapter(ABC):
    """What the core level calls. `adapter_class` gives the class with the methods that a hub has."""

    reconnects = False

    def __init__(self, messages: Messages) -> None:
        self.messages = messages
        self._links: dict[Any, Link] = {}  # by client, or by (client, topic)
        self._gone: set[str] = set()
        self._live: set[str] = set()
        self._turns: dict[str, asyncio.Lock] = {}
        self._readers: list[asyncio.Task[None]] = []
        self._received: dict[str, list[str]] = {}

    @abstractmethod
    async def open(self, client: str, topic: str | None) -> Link:
        """Connect `client`."""

    @abstractmethod
    async def stop(self) -> None:
        """All clients leave, and the hub ends."""

    def turn(self, client: str) -> asyncio.Lock:
        """Held while a client connects: it asks for nothing before."""
        return self._turns.setdefault(client, asyncio.Lock())

    async def opened(self, client: str, topic: str | None = None) -> Link:
        """A connection of `client`, with a reader that keeps what arrives."""
        made = await self.open(client, topic)
        named = client if topic is None else f"{client}/{topic}"
        self._readers.append(asyncio.get_running_loop().create_task(self._read(client, made), name=f"{named} listens"))
        return made

    async def _read(self, client: str, link: Link) -> None:
        kept = self._received.setdefault(client, [])
        while True:
            try:
                text = await link.receive()
            except ConnectionError:
                return
            message = self.messages.received(text)
            if message is not None:
                kept.append(message)

    async def connect(self, client: str) -> None:
        if self.messages.by_topic:
            if client not in self._gone:
                self._live.add(client)
            return
        async with self.turn(client):
            if client in self._gone:
                return
            self._gone.add(client)  # an id names one connection
            try:
                self._links[client] = await self.opened(client)
            except BaseException:
                self._gone.discard(client)  # it was not connected: it may try again
                raise

    async def _ask(self, client: str, message: Any) -> None:
        async with self.turn(client):
            link = self._links.get(client)
        if link is not None:
            await link.ask(message)

    async def subscribe(self, client: str, topic: str) -> None:
        if self.messages.subscribe is not None:
            await self._ask(client, self.messages.subscribe(topic))
            return
        async with self.turn(client):
            if client in self._live and (client, topic) not in self._links:
                self._links[client, topic] = await self.opened(client, topic)

    async def _unsubscribe(self, client: str, topic: str) -> None:
        if self.messages.unsubscribe is not None:
            await self._ask(client, self.messages.unsubscribe(topic))
            return
        async with self.turn(client):
            link = self._links.pop((client, topic), None)
        if link is not None:
            await link.leave()

    async def disconnect(self, client: str) -> None:
        async with self.turn(client):
            self._live.discard(client)
            self._gone.add(client)
            left = [self._links.pop(key) for key in [key for key in self._links if client in (key, key[0])]]
        for link in left:
            await link.leave()

    def delivered(self) -> dict[str, list[str]]:
        return self._received

    async def close(self) -> None:
        await self.stop()
        for reader in self._readers:
            reader.cancel()


def adapter_class(kind: type[HubAdapter], messages: Messages, look: Callable[[Any], Any] | None = None) -> Any:
    """`kind` with `unsubscribe` and `observe` where the hub has them."""
    methods: dict[str, Any] = {}
    if look is not None:
        methods["observe"] = lambda adapter: look(adapter.app)
    if messages.by_topic or messages.unsubscribe is not None:
        methods["unsubscribe"] = kind._unsubscribe
    return type(kind.__name__.strip("_"), (kind,), methods)
