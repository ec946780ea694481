"""What adapters of the core model say over and over: who is connected, what each client was sent, and a fake socket for each.

Base classes for an adapter. Both are plain asyncio, so that a script of plain asyncio runs them, too. They judge nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from inspect import isawaitable
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class Clients:
    """The clients of one run. `live` has those that are connected.

    A subclass says what that means to its manager, by functions or coroutine functions: `opens(client)`, `joins(client, topic)`, where
    False refuses, and `ends(client)`. `joins` is asked for connected clients only, `opens` and `ends` once in a client's life.
    `breaks`: the error of a socket that fails, or whose client has gone. If it is None, sockets do not fail, and what arrives when the
    client has gone is lost.
    """

    breaks: type[Exception] | None = None

    def __init__(self, env: Any) -> None:
        self.env = env
        self.live: set[str] = set()
        self.inbox: dict[str, list[Any]] = {}

    def opens(self, client: str) -> Any:
        """A client connects."""

    def joins(self, client: str, topic: str) -> Any:
        """A connected client subscribes. False: it was refused."""

    def ends(self, client: str) -> Any:
        """A connected client goes."""

    async def connect(self, client: str) -> None:
        """See docs/bring-your-own.md. A client that has gone does not come back."""
        if client not in self.live and not self.env.closed(client):
            await _value(self.opens(client))
            if not self.env.closed(client):
                self.live.add(client)

    async def subscribe(self, client: str, topic: str) -> bool:
        """See docs/bring-your-own.md."""
        return client in self.live and await _value(self.joins(client, topic)) is not False

    async def disconnect(self, client: str) -> None:
        """See docs/bring-your-own.md."""
        if client in self.live:
            self.live.remove(client)
            await _value(self.ends(client))

    async def send(self, client: str, message: Any) -> None:
        """A fake socket: it takes as long as the scheduler says."""
        await self.env.park(f"send to {client}", may_fail=self.breaks, client=client)
        if self.breaks is not None and self.env.closed(client):
            raise self.breaks
        self.receive(client, message)

    def receive(self, client: str, message: Any) -> None:
        """The message has reached the client, if it is still there."""
        if not self.env.closed(client):
            self.inbox.setdefault(client, []).append(message)

    def delivered(self) -> dict[str, list[Any]]:
        """See docs/bring-your-own.md."""
        return self.inbox


class ClientsInTurn(Clients):
    """Clients that are each served by a loop of its own, as the handler of a websocket does: one call after the other. A disconnect that
    has begun is completed, whoever gives up waiting for it. A subclass has `leaves(client, topic)`, too. Where a subscription is a queue or
    an asynchronous generator, `follow` reads it.
    """

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.readers: dict[tuple[str, str], asyncio.Task[None]] = {}

    def leaves(self, client: str, topic: str) -> Any:
        """A connected client unsubscribes; the answer is that of `unsubscribe`."""
        raise NotImplementedError

    async def subscribe(self, client: str, topic: str) -> bool:
        """See `Clients`."""
        async with self.turns[client]:
            return await super().subscribe(client, topic)

    async def unsubscribe(self, client: str, topic: str) -> Any:
        """See docs/bring-your-own.md."""
        async with self.turns[client]:
            return client in self.live and await _value(self.leaves(client, topic))

    async def disconnect(self, client: str) -> None:
        """See `Clients`."""
        await self.whole(self._end(client), f"end of {client}")

    async def close(self) -> None:
        """Every client that is left goes."""
        for client in sorted(self.live):
            await self.disconnect(client)

    async def whole(self, call: Coroutine[Any, Any, Answer], name: str) -> Answer:
        """The result of `call`, which goes on to its end in a task of this name, whoever gives up waiting for it."""
        return await asyncio.shield(asyncio.create_task(call, name=name))

    async def follow(self, client: str, topic: str, source: Any) -> None:
        """Read `source`, a queue or an asynchronous iterator, for the client, in a task, until `unfollow`. When this returns, a generator
        has run until it first waits.
        """
        begun = asyncio.Event()
        self.readers[client, topic] = asyncio.create_task(self._read(client, topic, source, begun), name=f"reader {client} {topic}")
        try:
            if hasattr(source, "asend"):
                await begun.wait()
        except asyncio.CancelledError:
            self.readers.pop((client, topic)).cancel()
            raise

    async def unfollow(self, client: str, topic: str) -> None:
        """End the task that reads, and with it the iterator."""
        reader = self.readers.pop((client, topic), None)
        if reader is not None:
            reader.cancel()
            await asyncio.wait([reader])

    async def _read(self, client: str, topic: str, source: Any, begun: asyncio.Event) -> None:
        """Ends also where the cancellation is lost, as in `wait_for` before Python 3.12: a client that has left asks for no more."""
        begun.set()
        reader = asyncio.current_task()
        if not hasattr(source, "__aiter__"):
            while self.readers.get((client, topic)) is reader:
                self.receive(client, await source.get())
            return
        try:
            async for message in source:
                self.receive(client, message)
                if self.readers.get((client, topic)) is not reader:
                    break
        finally:
            if hasattr(source, "aclose"):
                await source.aclose()

    async def _end(self, client: str) -> None:
        async with self.turns[client]:
            await super().disconnect(client)


async def _value(given: Any) -> Any:
    """The answer of a function, or of a coroutine function."""
    return await given if isawaitable(given) else given
