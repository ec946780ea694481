"""The adapter of one run, for a hub that clients reach by connections: it is judged by what they receive.

A subclass knows how a client connects. It refuses to look inside, unless the user gives `observe`.
"""

import asyncio
import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

from subwarden.world.hubs.leaving import breaks_off

Say = Callable[..., Any]
PUBLISHER = "publisher"
WORD = re.compile(r"\w+")


class Link(ABC):
    """An open connection of one client. `left`: the client has left it, and hears no more."""

    left = False

    @abstractmethod
    async def ask(self, message: Any) -> None:
        """Send `message`, and wait until it has been answered, or the connection is closed meanwhile. Raises ConnectionError
        where the hub must not do that.
        """

    @abstractmethod
    async def receive(self) -> str:
        """The next text. Raises ConnectionError at the end."""

    @abstractmethod
    async def leave(self) -> None:
        """Close the connection, and wait until the hub has noticed."""

    @abstractmethod
    def break_off(self) -> None:
        """End the connection without a goodbye, at once. `leave` waits until the hub has noticed."""

    @property
    def breakable(self) -> bool:
        """Whether `break_off` can do that."""
        return True

    @property
    @abstractmethod
    def over(self) -> bool:
        """Whether the hub has ended the connection."""


class Messages(NamedTuple):
    """How clients talk to a hub; see `AsgiHub`. Without `subscribe`, a subscription is a connection of its own. `to_all`: the hub has no
    topics, and each connection gets every message.
    """

    publish: Say
    subscribe: Say | None
    unsubscribe: Say | None
    received: Callable[[str], str | None] | None
    to_all: bool

    @property
    def by_topic(self) -> bool:
        return self.subscribe is None

    @property
    def by_message(self) -> bool:
        """Whether a publisher sends a message by a connection, and does nothing else."""
        if inspect.iscoroutinefunction(self.publish):
            return False
        said = self.publish("", "")
        if inspect.iscoroutine(said):
            said.close()
        return not (isinstance(said, tuple) or inspect.isawaitable(said))


class HubAdapter(ABC):
    """What the core level calls. `adapter_class` gives the class with the methods that a hub has."""

    reconnects = False

    def __init__(self, messages: Messages, *, breaks_off: bool) -> None:
        self.messages = messages
        self._breaks_off = breaks_off
        self._links: dict[Any, Link] = {}  # by client, or by (client, topic)
        self._gone: set[str] = set()
        self._live: set[str] = set()
        self._turns: dict[str, asyncio.Lock] = {}
        self._readers: list[asyncio.Task[None]] = []
        self._received: dict[str, list[str]] = {}
        self._published: dict[Any, str] = {}  # the topic of each message
        self._publisher_count = 0
        self._calls = 0  # that clients and publishers have made so far
        self._publishers: dict[str | None, list[Link]] = {}  # connections that nobody publishes by now, by topic where each has one

    @abstractmethod
    async def open(self, client: str, topic: str | None) -> Link:
        """Connect `client`."""

    @abstractmethod
    async def publisher(self, topic: str | None) -> Link:
        """Connect a publisher, which ignores what it receives."""

    @abstractmethod
    async def stop(self) -> None:
        """All clients leave, and the hub ends."""

    async def ready(self) -> None:
        """The hub runs: a publisher connects, so that a message can meet a call of a client. To connect takes longer than most calls."""
        if (self.messages.to_all or not self.messages.by_topic) and self.messages.by_message:
            self._publishers[None] = [await self.publisher(None)]

    def saying(self, topic: str, message: str) -> Any:
        """What a publisher says to publish `message`."""
        self._published[message] = topic
        return self.messages.publish(topic, message)

    def publisher_name(self) -> str:
        """Of another connection: a hub may know its clients by their names."""
        self._publisher_count += 1
        return PUBLISHER if self._publisher_count == 1 else f"{PUBLISHER}-{self._publisher_count}"

    def name_of(self, client: str, topic: str | None) -> str:
        """By which the hub knows a client's connection. Where it has no topics, a client has one for each that it subscribes to."""
        return f"{client}-{topic}" if self.messages.to_all else client

    async def say(self, topic: str, message: Any) -> None:
        """A publisher sends `message`, by a connection of its own as long as that takes. Who is cut off meanwhile breaks off."""
        self._calls += 1
        key = topic if self.messages.by_topic and not self.messages.to_all else None
        free = self._publishers.setdefault(key, [])
        free[:] = [each for each in free if not each.over]
        link = free.pop() if free else await self.publisher(key)
        try:
            await link.ask(message)
        except BaseException:
            if link.breakable:
                link.break_off()
            raise
        free.append(link)

    def turn(self, client: str) -> asyncio.Lock:
        """Held while a client connects or begins to leave: it asks for nothing before, and for nothing after."""
        return self._turns.setdefault(client, asyncio.Lock())

    async def opened(self, client: str, topic: str | None = None) -> Link:
        """A connection of `client`, with a reader that keeps what arrives."""
        made = await self.open(self.name_of(client, topic), topic)
        named = client if topic is None else f"{client}/{topic}"
        self._readers.append(asyncio.get_running_loop().create_task(self._read(client, topic, made), name=f"{named} listens"))
        return made

    def _heard(self, text: str, topic: str | None) -> Any:
        """The published message in what a connection was sent, or None for anything else. That of another topic is none where the hub
        sends all to each connection. Where nobody says how it stands there, it is the only published message among the words.
        """
        if self.messages.received is not None:
            message = self.messages.received(text)
        else:
            known = {word for word in WORD.findall(text) if word in self._published}
            message = known.pop() if len(known) == 1 else None
        return None if self.messages.to_all and self._published.get(message, topic) != topic else message

    async def _read(self, client: str, topic: str | None, link: Link) -> None:
        kept = self._received.setdefault(client, [])
        while True:
            try:
                text = await link.receive()
            except ConnectionError:
                return
            message = None if link.left else self._heard(text, topic)
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
        self._calls += 1
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
            link.left = True
            await link.leave()

    async def disconnect(self, client: str) -> None:
        async with self.turn(client):
            self._live.discard(client)
            self._gone.add(client)
            left = [self._links.pop(key) for key in [key for key in self._links if client in (key, key[0])]]
            broken = True  # so leaves who is cut off meanwhile
            try:
                may = self._breaks_off and bool(left) and all(link.breakable for link in left)
                broken = may and await breaks_off(client, rather=self._calls % 2 == 0)
            finally:
                for link in left:
                    link.left = True
                    if broken:
                        link.break_off()
        for link in left:
            await link.leave()

    def inner_parts(self) -> Any:
        """What a search takes for the inner state: connections and bytes are other ones in each schedule."""
        return {client: len(kept) for client, kept in self._received.items()}

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
