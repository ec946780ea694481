"""Messages between one client and the application: in order, each as an outside event."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from subwarden.world.arrival import Arrival
from subwarden.world.jobs import JobLoop

Message = dict[str, Any]


class Closed(Exception):
    """Nothing more will arrive."""


class Pipe:
    """One direction. `put` hands a message over, `get` waits for the next one that has arrived."""

    def __init__(self, loop: JobLoop, say: Callable[[Message], str], noticed: Callable[[Message], object] = lambda _: None) -> None:
        loop.prompt = True
        self._loop, self._noticed = loop, noticed
        self._coming: deque[Message] = deque()
        self._here: deque[Message] = deque()
        self._changed: list[asyncio.Future[None]] = []
        self._arrival = Arrival(loop, lambda: say(self._coming[0]), self._arrive)
        self.waits = False  # somebody is in `get`
        self.ended = False  # its reader has left
        self.full = False  # and nothing that is put after that is taken by anybody
        self.closed = False

    def put(self, message: Message) -> None:
        """Hand over `message`."""
        if not self.closed and (self.full or not self.ended):
            self._coming.append(message)
            self._arrival.offer(not self.ended)

    def end(self, *, full: bool = False) -> None:
        """The reader leaves. What is on its way stays there, and nobody else is told. `full`: so does all that is put after that."""
        self.ended = True
        self.full = full
        self._arrival.offer(False)
        self._wake()

    def close(self) -> None:
        """Forget all that has not arrived."""
        self.closed = True
        self._coming.clear()
        self._arrival.offer(False)
        self._wake()

    def lose(self) -> None:
        """What is on its way never arrives."""
        self._coming.clear()
        self._arrival.offer(False)

    def _arrive(self) -> None:
        message = self._coming.popleft()
        self._here.append(message)
        self._noticed(message)
        self._arrival.offer(bool(self._coming))
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, []
        for each in changed:
            if not each.done():
                each.set_result(None)

    async def change(self) -> None:
        """Wait until something arrives, is taken, or is waited for."""
        future: asyncio.Future[None] = asyncio.Future(loop=self._loop)
        self._changed.append(future)
        await future

    def pending(self) -> int:
        """How many messages have not arrived."""
        return len(self._coming)

    def idle(self) -> bool:
        """Whether everything has been taken, and somebody waits for more."""
        return self.waits and not self._coming and not self._here

    async def get(self) -> Message:
        """The next message."""
        try:
            while not self._here:
                if self.closed or self.ended:
                    raise Closed
                if not self.waits:
                    self.waits = True
                    self._wake()
                await self.change()
        finally:
            self.waits = False
        message = self._here.popleft()
        self._wake()
        return message
