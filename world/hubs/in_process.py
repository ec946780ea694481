"""An adapter of the core model for an ASGI application that clients reach by websocket: it is judged by what its clients receive."""

import inspect
from collections.abc import Callable
from typing import Any

from subwarden.world.asgi.application import Application
from subwarden.world.asgi.connection import Disconnected
from subwarden.world.asgi.fresh import application
from subwarden.world.asgi.websocket import WebSocket
from subwarden.world.hubs.adapter import HubAdapter, Link, Messages, Say, adapter_class
from subwarden.world.hubs.rest import at_rest


class AsgiHub:
    """Makes the adapter of one run; give it to `subwarden.holds`.

    `app`: the application; or its name, `"main:app"`, by which it is imported anew for each run; or a function without arguments that
    makes it. `path`: where a client connects, with `{client}`. `subscribe(topic)`, `unsubscribe(topic)`: the message by which a client asks
    for that, text or JSON. `publish(topic, message)`: the message that a publisher sends, by a websocket of its own; or a tuple (method,
    path, JSON) for an HTTP request. `received(text)`: the published message in what a client was sent, or None for anything else; without
    it, that is the published message among the words of the text.

    If `path` has `{topic}`, a subscription is a websocket of its own; `subscribe` and `unsubscribe` are not needed then. With neither, the
    application has no topics: each client that is connected gets every message. `observe(app)`: what the application believes, as (client,
    topic) pairs.

    A client leaves by a close, or it breaks off: without a goodbye (code 1006), and what the application has not received by then is lost.
    With `breaks_off=False` all close. A call has been answered when the application has taken its message and asks for the next; where
    another task than that of the call receives, once nothing is in flight and no step is ready. Raises ValueError for what cannot be
    played.
    """

    def __init__(
        self,
        app: str | Callable[..., Any],
        *,
        path: str,
        publish: Say,
        subscribe: Say | None = None,
        unsubscribe: Say | None = None,
        received: Callable[[str], str | None] | None = None,
        observe: Callable[[Any], Any] | None = None,
        breaks_off: bool = True,
    ) -> None:
        if "{topic}" in path and subscribe is not None:
            raise ValueError("AsgiHub needs either subscribe=, the message by which a client subscribes, or a path with {topic}, not both")
        to_all = "{topic}" not in path and subscribe is None
        self.app, self.path, self.observe, self.breaks_off = app, path, observe, breaks_off
        self.messages = Messages(publish, subscribe, unsubscribe, received, to_all)
        self._kind = adapter_class(_Adapter, self.messages, observe)  # one class for all runs: a search tells states apart by it
        self.__name__ = app if isinstance(app, str) else getattr(app, "__name__", "AsgiHub")

    def __call__(self) -> Any:
        if isinstance(self.app, str):
            return self._kind(self, application(self.app))
        return self._kind(self, self.app if _is_application(self.app) else self.app())


def _is_application(given: Callable[..., Any]) -> bool:
    """Whether `given` takes a scope, and is no function that makes an application."""
    try:
        inspect.signature(given).bind()
    except TypeError:
        return True
    except ValueError:  # it has no signature
        return False
    return False


class _Adapter(HubAdapter):
    def __init__(self, hub: AsgiHub, app: Any) -> None:
        super().__init__(hub.messages, breaks_off=hub.breaks_off)
        self.path, self.app = hub.path, app

    async def start(self) -> None:
        self._driver = await Application(self.app).__aenter__()
        await self.ready()

    async def open(self, client: str, topic: str | None) -> Link:
        named = client if topic is None or self.messages.to_all else f"{client}/{topic}"
        made = await self._driver.websocket(self.path.format(client=client, topic=topic), name=named)
        await _dealt_with(made)
        return _Link(made)

    async def publish(self, topic: str, message: str) -> None:
        said = self.saying(topic, message)
        if isinstance(said, tuple):
            await self._driver.request(said[0], said[1], json=said[2])
            return
        await self.say(topic, said)

    async def publisher(self, topic: str | None) -> Link:
        name = self.publisher_name()
        made = await self._driver.websocket(self.path.format(client=name, topic=topic), name=name)
        await _dealt_with(made)
        return _Link(made)

    def inner_parts(self) -> Any:
        return super().inner_parts(), self.app

    async def stop(self) -> None:
        await self._driver.__aexit__(None)


async def _dealt_with(socket: WebSocket) -> None:
    """The application has dealt with all that `socket` has sent. Where a task of a framework receives, as with Quart, it hands messages on
    and asks for more at once: then the application is to be at rest.
    """
    await socket.taken()
    if not socket.in_turn:
        await at_rest()


class _Link(Link):
    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def ask(self, message: Any) -> None:
        try:
            await self._socket.send(message)
            await _dealt_with(self._socket)
        except Disconnected:
            pass

    async def receive(self) -> str:
        data = await self._socket.receive()
        return data if isinstance(data, str) else data.decode()

    async def leave(self) -> None:
        self._socket.close()
        await self._socket.ended()

    def break_off(self) -> None:
        self._socket.break_off()

    @property
    def over(self) -> bool:
        return self._socket.over
