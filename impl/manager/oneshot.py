"""One word from one sender to one receiver: how a listener is told to stop, and how a caller is told that it is done.

In the source document dropping the sender is itself a message, and the language guarantees it. Here a sender is dropped explicitly:
this file refuses to let garbage collection decide what a receiver sees, because nobody can schedule that.
"""

import asyncio
from enum import Enum


class Outcome(Enum):
    """What a receiver knows."""

    WAITING = "waiting"  # nothing was said yet
    SENT = "sent"  # the sender spoke: for a cancel channel, "stop"
    DROPPED = "dropped"  # the sender went away without a word


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
        """Have `waiter` resolved when the outcome is final: for whoever waits for several things at once."""
        self._waiter = waiter

    def _settle(self, outcome: Outcome) -> bool:
        if self.outcome is not Outcome.WAITING:
            return False
        self.outcome = outcome
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        return True


class Sender:
    """The sending end. Its first `send` or `drop` counts; what follows changes nothing."""

    __slots__ = ("_receiver",)

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def send(self) -> bool:
        """Say the word. False if this sender had already spoken or been dropped."""
        return self._receiver._settle(Outcome.SENT)

    def drop(self) -> bool:
        """Go away without a word. False if this sender had already spoken or been dropped."""
        return self._receiver._settle(Outcome.DROPPED)


def oneshot() -> tuple[Sender, Receiver]:
    """A fresh channel."""
    receiver = Receiver()
    return Sender(receiver), receiver
