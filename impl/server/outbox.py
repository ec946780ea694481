"""The messages on their way to one client: a bounded queue whose sender waits while it is full, and learns when the client has gone.

Nobody waits for ever: a client that has read nothing for a while, though a message waits for room, is `overdue`; its server may drop it.
It refuses to overtake: messages are queued in the order in which they were sent, also those that had to wait.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from subwarden.model.server.requests import Message


def always() -> bool:
    """The message is to be sent in any case."""
    return True


class _Waiting:
    """A message that waits for room."""

    __slots__ = ("message", "room", "wanted")

    def __init__(self, message: Message, wanted: Callable[[], bool]) -> None:
        self.message = message
        self.wanted = wanted
        self.room: asyncio.Future[bool] = asyncio.get_running_loop().create_future()


class Outbox:
    """The queue to one client. `queued(message)` is called at the moment from which the message can no longer be held back, `dropped()`
    when the server gives the client up. `patience`: the seconds after which a client is overdue; None: it always reads in time. The server
    sets `overdue`, which is then called."""

    def __init__(
        self, capacity: int, queued: Callable[[Message], object], dropped: Callable[[], object] = always, patience: float | None = None
    ) -> None:
        self.closed = False
        self.overdue: Callable[[], object] = always
        self.patience = patience
        self._dropped = dropped
        self._timer: asyncio.TimerHandle | None = None  # while a message waits for room
        self._capacity = capacity
        self._queued = queued
        self._messages: deque[Message] = deque()
        self._waiting: deque[_Waiting] = deque()

    async def send(self, message: Message, wanted: Callable[[], bool] = always) -> bool:
        """Queue `message`, waiting for room. False, and nothing queued, if the client has gone, or `wanted()` no longer says so when
        there is room. A cancelled send has queued nothing."""
        if self.closed or not wanted():
            return False
        room = self.post(message, wanted)
        if room is None:
            return True
        try:
            return await room
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if room.cancelled() or task is None:
                raise
            # P11: it is decided already whether the message is queued; the caller learns that, and is cancelled at its next await
            task.uncancel()
            task.cancel()
            return room.result()

    def post(self, message: Message, wanted: Callable[[], bool] = always) -> "asyncio.Future[bool] | None":
        """As `send`, without waiting: None if there was room, else the future that `send` would wait for. The order is settled."""
        if self.closed:
            return None
        if len(self._messages) < self._capacity:  # then no message waits
            self._queue(message)
            return None
        waiting = _Waiting(message, wanted)
        self._waiting.append(waiting)
        if self.patience is not None and self._timer is None:
            self._time()
        return waiting.room

    def take(self) -> Message | None:
        """The transport writes the next message out; None if there is none."""
        if not self._messages:
            return None
        message = self._messages.popleft()
        while self._waiting and len(self._messages) < self._capacity:
            next_ = self._waiting.popleft()
            if next_.room.done():  # its sender was cancelled
                continue
            wanted = next_.wanted()
            if wanted:
                self._queue(next_.message)
            next_.room.set_result(wanted)
        if self._timer is not None:
            self._time()
        return message

    def waits(self) -> bool:
        """Whether a message waits for room."""
        return any(not waiting.room.done() for waiting in self._waiting)

    def _time(self) -> None:
        """The client has just read, or the first message has to wait: the time begins anew."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting and self.patience is not None:
            self._timer = asyncio.get_running_loop().call_later(self.patience, self._is_overdue)

    def _is_overdue(self) -> None:
        self._timer = None
        if self.waits():
            self.overdue()

    def drop(self) -> None:
        """The server gives the client up."""
        self._dropped()
        self.close()

    def close(self) -> None:
        """The client has gone: nothing is sent from now on, and every sender that waits learns it."""
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._messages.clear()
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.room.done():
                waiting.room.set_result(False)

    def __len__(self) -> int:
        return len(self._messages)

    def _queue(self, message: Message) -> None:
        self._messages.append(message)
        self._queued(message)
