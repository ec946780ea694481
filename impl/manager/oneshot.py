"""A oneshot channel: one signal from one sender to one receiver. It stops a listener, or tells a caller that a command is done.

In the source document dropping the sender is itself a message, and the language guarantees it. Here a sender is dropped explicitly:
garbage collection must not decide when a receiver is woken, because no schedule controls it.
"""

import asyncio
from enum import Enum


class Outcome(Enum):
    """The state of the channel, as its receiver sees it."""

    WAITING = "waiting"  # no signal yet
    SENT = "sent"  # the sender has sent; on a cancel channel this means "stop"
    DROPPED = "dropped"  # the sender was dropped without sending


class Receiver:
    """The receiving end. `outcome` can be read at any time; `wait` suspends until it is final."""

    __slots__ = ("_waiter", "outcome")

    def __init__(self) -> None:
        self.outcome = Outcome.WAITING
        self._waiter: asyncio.Future[None] | None = None

    async def wait(self) -> Outcome:
        """Return SENT or DROPPED, at once if it is already known. One task waits at a time: a second raises RuntimeError."""
        if self.outcome is Outcome.WAITING:
            if self._waiter is not None:
                raise RuntimeError("another task already waits for this receiver; a oneshot has one receiver")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self.outcome

    def ready(self) -> bool:
        """Whether `wait` would return at once."""
        return self.outcome is not Outcome.WAITING

    def arm(self, waiter: "asyncio.Future[None] | None") -> None:
        """Resolve `waiter` when the outcome is final; for a task that waits for several sources at once. None: resolve nothing."""
        self._waiter = waiter

    def _settle(self, outcome: Outcome) -> bool:
        if self.outcome is not Outcome.WAITING:
            return False
        self.outcome = outcome
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        return True


class Sender:
    """The sending end. Its first `send` or `drop` counts; later ones change nothing."""

    __slots__ = ("_receiver",)

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def send(self) -> bool:
        """Send the signal. False if this sender has already sent or been dropped."""
        return self._receiver._settle(Outcome.SENT)

    def drop(self) -> bool:
        """Drop the sender without a signal. False if it has already sent or been dropped."""
        return self._receiver._settle(Outcome.DROPPED)


def oneshot() -> tuple[Sender, Receiver]:
    """A fresh channel."""
    receiver = Receiver()
    return Sender(receiver), receiver
