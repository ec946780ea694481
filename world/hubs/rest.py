"""The moment at which a server is at rest: nothing is in flight, no step is ready, and no timer is due soon.

It is an outside event, so that it comes before the calls that have not arrived, as an answer does: left alone, a call is over before the
next one arrives. A timer would come after them, and all calls of a program would race.
"""

import asyncio
from typing import TYPE_CHECKING, Any, cast

from subwarden.scheduling.events import Event

if TYPE_CHECKING:
    from subwarden.world.jobs import JobLoop

QUIET = 1.5  # virtual seconds without anything in flight; longer than a step or the network is slow (`ControlledLoop.slow`)


async def at_rest() -> None:
    """Wait until nothing is in flight and no other step is ready, nor is any within `QUIET`."""
    loop: Any = asyncio.get_running_loop()
    if loop.rest is None:
        loop.rest = Rest(loop)
    await loop.rest.come()


class Rest(Event):
    """The event of one loop. It is a candidate while somebody waits for it and nothing is in flight (`world.arrival`)."""

    __slots__ = ("_later", "_loop", "_until", "_waiting")

    def __init__(self, loop: "JobLoop") -> None:
        super().__init__("nothing is under way", self._look)
        self._loop = loop
        self._until = 0.0
        self._later = False  # steps were ready when it came; it is offered again when they have run
        self._waiting: list[asyncio.Future[None]] = []
        loop.at_end.append(self._let_go)

    async def come(self) -> None:
        """Wait for it."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(future)
        self._until = self._loop._now + QUIET
        self.offer()
        try:
            await future
        finally:
            if future in self._waiting:
                self._waiting.remove(future)
            if not self._waiting:
                self.hide()

    def offer(self) -> None:
        """Be a candidate, if it may be now."""
        loop = self._loop
        if self._waiting and not (self._later or loop.arrivals) and self not in loop.events:
            loop.offer(self)

    def hide(self) -> None:
        """Be none: something is in flight."""
        self._until = self._loop._now + QUIET
        if self in self._loop.events:
            self._loop.events.remove(self)

    def _look(self) -> None:
        loop = self._loop
        if loop.ready:  # it looks again after these, by a timer, also where others than the first may run next
            self._later = True  # `_until` stays: else who always looks at a heartbeat's steps never rests
            loop.call_later(0, self._offer_now)
        elif loop.has_timers() and loop.timers[0]._when <= self._until:
            loop.advance()
            self._offer_later()
        else:
            waiting, self._waiting = self._waiting, []
            for each in waiting:
                if not each.done():
                    each.set_result(None)

    def _offer_later(self) -> None:
        self._later = True
        self._loop.call_soon(self._offer_now)

    def _offer_now(self) -> None:
        self._later = False
        self.offer()

    def _let_go(self) -> None:
        """The run is over."""
        self._waiting.clear()
        self.deliver = cast(Any, None)  # else it is in a circle with itself
