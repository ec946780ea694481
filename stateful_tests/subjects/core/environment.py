"""The environment of an adapter's fakes: calls to the outside that the scheduler ends, or fails.

An adapter's factory that takes an argument receives it. It refuses to be more: a fake socket, broker or store parks a call, which may
fail, and changes its own state afterwards.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from subwarden.checking.bad_observation import BadObservation
from subwarden.model.core.step import Id
from subwarden.scheduling.events import Event
from subwarden.scheduling.loop import ControlledLoop

OVER = ControlledLoop()  # of runs that are over: nothing happens on it
Failure = type[BaseException] | BaseException


def nobody(_client: Id) -> None:
    """The default of `Environment.failed`: ignores the client."""


class Environment:
    """The environment of one run."""

    def __init__(self, loop: ControlledLoop) -> None:
        self._loop = loop
        self._left: set[Id] = set()
        self.cancels = False  # a parked call has been failed by CancelledError, without a cancellation of its task
        self.failed: Callable[[Id], None] = nobody  # receives the client whose call has failed
        self.evicted: Callable[[Id], None] = nobody  # receives the client that the manager has dropped by design

    def closed(self, client: Id) -> bool:
        """Whether `client` has left: its `disconnect` has been called. Of a socket: whether its `detach` has been called."""
        return client in self._left

    def leaves(self, client: Id) -> None:
        """`client` leaves. Called by the play, not by adapters."""
        self._left.add(client)

    def returns(self, client: Id) -> None:
        """`client` connects again, where the manager allows it. Called by the play, not by adapters."""
        self._left.discard(client)

    def dropped(self, client: Id) -> None:
        """The manager has dropped `client` by itself, by design: nothing more is expected for it until its disconnect has been answered."""
        self.evicted(client)

    def let_go(self) -> None:
        """The run is over: lead to none of its objects any more. The manager may be in a circle, and keep this for long."""
        self._loop = OVER
        self.failed = self.evicted = nobody

    async def park(self, name: str, *, may_fail: Failure | None = None, client: Id | None = None, within: float | None = None) -> None:
        """Wait until the scheduler lets the call go on. Reports call the awaited event `name`.

        `may_fail`: an exception that the scheduler may let the call raise instead; `asyncio.CancelledError` cancels what is awaited.
        `client`: whose call it is; after its failure the manager may drop that client, and nothing more is expected for it until its
        disconnect has been answered. `within`: seconds of virtual time in which the call ends; a timer that is due then or later does not
        fire before. Without it, any timer may.
        """
        given: object = name
        if not isinstance(given, str) or not given:
            raise BadObservation(f"env.park wants a name for what is waited for, a text, not {name!r:.80}")
        kind: object = may_fail if may_fail is None or isinstance(may_fail, type) else type(may_fail)
        if kind is not None and not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise BadObservation(f"env.park({name!r}, may_fail=...) wants an exception or a class of exceptions, not {may_fail!r:.80}")
        seconds: object = within
        if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0):
            raise BadObservation(f"env.park({name!r}, within=...) wants a number of seconds above 0, not {within!r:.80}")
        loop = self._loop
        until = None if within is None else loop.time() + within
        if until is not None:
            loop.promised = [*(loop.promised or ()), until]
        future: asyncio.Future[None] = asyncio.Future(loop=loop)
        released = f"release {name}"
        waiting: list[Event] = []
        waiting.append(Event(released, partial(self._end, waiting, future, None, None)))
        loop.offer(waiting[0])
        if may_fail is not None:
            waiting.append(Event(f"fail {released}", partial(self._end, waiting, future, may_fail, client)))
            loop.faults.append(waiting[1])
        try:
            await future
        finally:
            self._forget(waiting)
            if until is not None and loop.promised:  # not before: the caller has it only now
                loop.promised.remove(until)
            del future  # its exception leads to this frame, in a circle

    def _forget(self, waiting: list[Event]) -> None:
        for offered in (self._loop.events, self._loop.faults):
            for event in waiting:
                if event in offered:
                    offered.remove(event)
        waiting.clear()  # each event leads to it, in a circle

    def _end(self, waiting: list[Event], future: "asyncio.Future[None]", error: Failure | None, client: Id | None) -> None:
        self._forget(waiting)
        if future.done():
            return
        if error is None:
            future.set_result(None)
            return
        if client is not None:
            self.failed(client)
        if (error if isinstance(error, type) else type(error)) is asyncio.CancelledError:
            self.cancels = True
            future.cancel()
        else:
            future.set_exception(error)
