"""The commands to a listener, and the unbounded channel that carries them.

A command must be ordered with the events that the listener sends, so it is queued to the listener and not executed by the caller.
The channel never loses a command silently: a send to a closed channel returns False, and closing the receiver returns the rest.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from subwarden.impl.manager.oneshot import Sender


class ConnectionRequestId(NamedTuple):
    """A request's connection, with the number that the connection gave it."""

    connection_id: int
    request_id: int | str


@dataclass(frozen=True, slots=True)
class PendingThreadResumeRequest:
    """A `thread/resume` of a running thread that is still to be answered."""

    request_id: ConnectionRequestId


@dataclass(frozen=True, slots=True)
class SendThreadResumeResponse:
    """Answer `request` with the thread's history, and subscribe its connection to later events."""

    request: PendingThreadResumeRequest


@dataclass(frozen=True, slots=True)
class ResolveServerRequest:
    """Notify the subscribers that the approval which event `number` asked for is resolved, then signal `completion`."""

    number: int
    completion: Sender


ListenerCommand = SendThreadResumeResponse | ResolveServerRequest


class ChannelClosed(Exception):
    """The channel is closed, and every command queued before that has been received."""


class CommandChannel:
    """The sending end, and the queue itself."""

    __slots__ = ("_closed", "_queue", "_waiter")

    def __init__(self) -> None:
        self._queue: deque[ListenerCommand] = deque()
        self._closed = False
        self._waiter: asyncio.Future[None] | None = None

    def send(self, command: ListenerCommand) -> bool:
        """Queue `command`; never suspends. False, and nothing queued, if the channel is closed."""
        if self._closed:
            return False
        self._queue.append(command)
        self._wake()
        return True

    def close(self) -> None:
        """Take no more commands. The receiver still gets those already queued, then `ChannelClosed`."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class CommandReceiver:
    """The receiving end, for one listener."""

    __slots__ = ("_channel",)

    def __init__(self, channel: CommandChannel) -> None:
        self._channel = channel

    def get_nowait(self) -> ListenerCommand | None:
        """The next queued command, or None if there is none now. Raises ChannelClosed if there never will be."""
        channel = self._channel
        if channel._queue:
            return channel._queue.popleft()
        if channel._closed:
            raise ChannelClosed
        return None

    async def get(self) -> ListenerCommand:
        """The next command, waiting for it. Raises ChannelClosed if none will come. A cancelled `get` has taken nothing."""
        channel = self._channel
        while (command := self.get_nowait()) is None:
            if channel._waiter is not None:
                raise RuntimeError("another task already waits for this channel; a command channel has one receiver")
            channel._waiter = asyncio.get_running_loop().create_future()
            try:
                await channel._waiter
            finally:
                channel._waiter = None
        return command

    def ready(self) -> bool:
        """Whether `get_nowait` would return a command, or raise."""
        return bool(self._channel._queue) or self._channel._closed

    def arm(self, waiter: "asyncio.Future[None] | None") -> None:
        """Resolve `waiter` when `ready` becomes true; for a task that waits for several sources at once. None: resolve nothing."""
        self._channel._waiter = waiter

    def close(self) -> list[ListenerCommand]:
        """Take no more commands. Returns those that were queued and never received, so that the caller can answer them."""
        self._channel.close()
        left = list(self._channel._queue)
        self._channel._queue.clear()
        return left
